/*
 * schema.h - the schema and its migrations.  For db/ only.
 */
#ifndef TLSRPTOP_DB_SCHEMA_H
#define TLSRPTOP_DB_SCHEMA_H

/* MIGRATIONS[v] turns a database of user_version v into v + 1, by one SQL script
 * after the other; NULL behind the last of either.  A released entry is never
 * changed, only followed. */
extern const char *const *const migrations[];

#endif
