/*
 * dashboard.h - the dashboard as a command: tlsrptop [OPTION]... [DOMAIN | @GROUP].
 */
#ifndef TLSRPTOP_TUI_DASHBOARD_H
#define TLSRPTOP_TUI_DASHBOARD_H

/* Returns what the process exits with (sysexits.h); a signal that ended the
 * dashboard ends the process by that signal. */
int dashboard_main(int argc, char **argv);

#endif
