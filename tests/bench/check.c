/*
 * check.c - how long the live check takes for many domains, and how much memory.
 *
 *   check DOMAINS POLICIES DELAY_MS DEAD [OPTION]...
 *
 * Each domain has two of twenty MX hosts, a record for reports, and POLICIES of them a
 * policy on a web server; all answers of DNS come DELAY_MS late.  DEAD further domains,
 * named before the others, get no answer at all, for which the check waits 5 s.
 * OPTIONs, such as --mx, go to tlsrptop-check.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../check_world.h"
#include "../make_report.h"
#include "../run_program.h"

enum { HOSTS = 20, OPTIONS_MAX = 4 };

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Of the processes that have been waited for: the servers are not among them. */
static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static char *write_table(unsigned domains, unsigned policies)
{
    char *table = NULL;
    size_t size;
    FILE *out = open_memstream(&table, &size);
    fprintf(out, "zone example signed\nzone . signed\n");
    for (unsigned i = 0; i < HOSTS; i++)
        fprintf(out,
                "host mx%u.example\ndns\n\t@ A $address\n\t_25._tcp TLSA 3 1 1 $key\n"
                "smtp starttls\n",
                i);
    for (unsigned i = 0; i < domains; i++) {
        fprintf(out,
                "domain d%u.example\ndns\n\t@ MX 10 mx%u.example.\n\t@ MX 20 mx%u.example.\n"
                "\t_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tlsrpt@d%u.example\"\n",
                i, i % HOSTS, (i + 1) % HOSTS, i);
        if (i * policies / domains != (i + 1) * policies / domains)
            fprintf(out,
                    "\t_mta-sts TXT \"v=STSv1; id=1\"\n\tmta-sts A 192.0.2.1\nhttps good\n"
                    "\tversion: STSv1\n\tmode: enforce\n\tmx: *.example\n\tmax_age: 1209600\n");
    }
    fclose(out);
    return table;
}

static char *write_names(const struct world *world, unsigned dead)
{
    char *names = NULL;
    size_t size;
    FILE *out = open_memstream(&names, &size);
    for (unsigned i = 0; i < dead; i++)
        fprintf(out, "d%u.dead.example\n", i);
    for (size_t i = 0; i < world->case_count; i++) {
        if (world->cases[i].is_domain)
            fprintf(out, "%s\n", world->cases[i].name);
    }
    fclose(out);
    return names;
}

static size_t count(const char *text, const char *word)
{
    size_t found = 0;
    for (; (text = strstr(text, word)) != NULL; text++)
        found++;
    return found;
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc > 5 + OPTIONS_MAX) {
        fprintf(stderr, "usage: check DOMAINS POLICIES DELAY_MS DEAD [OPTION]...\n");
        return 64;
    }
    struct world world;
    struct dns_relay_wishes wishes = {.delay_ms = atoi(argv[3]),
                                      .deaf_for = {"dead.example", NULL}};
    char folder[64], db[128], *options[OPTIONS_MAX + 1] = {NULL};
    make_folder(folder);
    snprintf(db, sizeof db, "%s/reports.db", folder);
    for (int i = 5; i < argc; i++)
        options[i - 5] = argv[i];
    char *table = write_table((unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]));
    world_start(&world, folder, table, &wishes);
    world_configure(&world, world.relay.port, "timeout = 5\n");
    world_configure(&world, world.relay.port, "timeout = 5\n");
    char *names = write_names(&world, (unsigned)atoi(argv[4]));
    struct run run = {.input = names, .input_size = strlen(names)};
    double start = seconds(), cpu = cpu_seconds();
    run_program(&run, BUILD "/tlsrptop-check", "--config", world.config, "--db", db, "--json", "-",
                options[0], options[1], options[2], options[3], NULL);
    printf("%.2f s (%.2f s of one processor), %.1f MB: %zu domains, %zu with DANE, %zu with "
           "MTA-STS; exit status %d\n%s",
           seconds() - start, cpu_seconds() - cpu, (double)run.peak_kib / 1024,
           count(run.out, "\"domain\":"), count(run.out, "\"mode\":\"dane"),
           count(run.out, "sts-enforce"), run.status, run.err);
    run_free(&run);
    world_stop(&world);
    remove_folder(folder);
    free(names);
    free(table);
    return 0;
}
