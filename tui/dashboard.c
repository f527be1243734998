#include "dashboard.h"

#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "../db/domain.h"
#include "app.h"

enum { DEFAULT_DAYS = 30 };

struct options {
    const char *db;
    const char *config;
    const char *since;
    const char *theme; /* NULL: as the config says */
    bool ascii;
    const char *domain;
};

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("tlsrptop: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EX_USAGE;
}

static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"db", required_argument, NULL, 'd'},    {"config", required_argument, NULL, 'c'},
        {"since", required_argument, NULL, 's'}, {"theme", required_argument, NULL, 't'},
        {"ascii", no_argument, NULL, 'a'},       {0},
    };
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case 'd':
            options->db = optarg;
            break;
        case 'c':
            options->config = optarg;
            break;
        case 's':
            options->since = optarg;
            break;
        case 't':
            options->theme = optarg;
            break;
        case 'a':
            options->ascii = true;
            break;
        default:
            return complain("try tlsrptop --help");
        }
    }
    if (argc - optind > 1)
        return complain("one domain at the most; try tlsrptop --help");
    options->domain = argv[optind];
    return 0;
}

/* "2026-03-01" means from then on. */
static int read_range(const char *since, struct range *range)
{
    const char *why;
    char from[RANGE_TEXT];
    int day;
    *range = (struct range){.days = DEFAULT_DAYS};
    if (since == NULL)
        return 0;
    snprintf(from, sizeof from, "%s%s", since, day_parse(since, &day) == 0 ? ".." : "");
    if (range_parse(from, today(), (struct day_range){0, -1}, range, &why) != 0)
        return complain("--since %s: %s", since, why);
    return 0;
}

static int run(const struct options *options, const struct config *config,
               struct app_settings *settings)
{
    char path[PATH_MAX], domain[DOMAIN_TEXT], error[FILTER_ERROR];
    const char *why;
    const char *theme =
        options->theme != NULL ? options->theme : config_text(config, "display", NULL, "theme");
    if (theme_find(theme) < 0)
        return complain("--theme is auto, dark, light or mono, not \"%s\"", theme);
    if (options->domain != NULL && options->domain[0] == '@') {
        if (filter_group(config, options->domain + 1, error) == NULL)
            return complain("%s: %s", options->domain, error);
        settings->group = options->domain;
    } else if (options->domain != NULL) {
        if (domain_normalise(options->domain, strlen(options->domain), domain) != 0)
            return complain("\"%s\" is not a domain name", options->domain);
        settings->domain = domain;
    }
    if (options->db != NULL)
        snprintf(path, sizeof path, "%s", options->db);
    else if (db_default_path(config_text(config, "database", NULL, "path"), path, sizeof path) != 0)
        return complain("no database: HOME is not set, and there is no --db");
    settings->db_path = path;
    settings->config = config;
    settings->config_file = options->config;
    bool ascii = options->ascii || config_bool(config, "display", NULL, "ascii");
    if (terminal_open((enum theme)theme_find(theme), ascii, &why) != 0) {
        complain("%s", why);
        return EX_UNAVAILABLE;
    }
    int result = app_run(settings, &why);
    terminal_close();
    if (result > 0) {
        signal(result, SIG_DFL);
        raise(result);
    }
    if (result < 0)
        complain("%s", why);
    return result < 0 ? EX_TEMPFAIL : 0;
}

int dashboard_main(int argc, char **argv)
{
    struct options options = {0};
    struct app_settings settings = {0};
    struct config *config;
    char error[CONFIG_ERROR];
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers in filters and files are the same everywhere */
    if (read_options(argc, argv, &options) != 0 || read_range(options.since, &settings.range) != 0)
        return EX_USAGE;
    if (config_read(&config, options.config, error) != 0) {
        complain("%s", error);
        return EX_CONFIG;
    }
    int status = run(&options, config, &settings);
    config_free(config);
    return status;
}
