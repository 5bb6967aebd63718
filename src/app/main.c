/* The command line. Each command is one function; what they print on stdout is for people and scripts,
 * stderr is for logs and complaints. Exit codes: 0 done, 1 could not, 2 asked wrongly. */
#include <stdio.h>
#include <unistd.h>

#include "app/certificate.h"
#include "app/cli_token.h"
#include "app/serve.h"
#include "app/wire.h"
#include "base/hash.h"

static int complain(const char *what, const Err *err, int code)
{
    fprintf(stderr, "orqestra %s: %s\n", what, err->text);
    return code;
}

static int usage(FILE *to)
{
    Buf help;
    buf_init(&help, 65536);
    config_help(&help);
    fprintf(to,
            "Orqestra: one call in, notifications out.\n\n"
            "  orqestra serve [settings]            run the server\n"
            "  orqestra check-config [settings]     say whether the settings are right\n"
            "  orqestra token --tenant ID --user ID [--ttl SECONDS] [--dialect NAME] [settings]\n"
            "                                       mint a user token\n"
            "  orqestra backup [settings] TARGET    copy the data, also while the server runs\n"
            "  orqestra compact [settings]          rewrite the data without what was deleted\n"
            "  orqestra version\n\n"
            "Settings: file (--config FILE) < environment < flags.\n\n%.*s",
            STR_FMT(buf_view(&help)));
    buf_done(&help);
    return to == stdout ? 0 : 2;
}

static int run_serve(int count, char **args)
{
    Config *config;
    Err err = {""};
    if (config_load(count, args, environ, &config, &err) != ST_OK)
        return complain("serve", &err, 2);
    int code = serve(config);
    config_free(config);
    return code;
}

static int run_check_config(int count, char **args)
{
    Config *config;
    Err err = {""};
    if (config_load(count, args, environ, &config, &err) != ST_OK)
        return complain("check-config", &err, 1);
    Status st = certificate_check(config, &err);
    config_free(config);
    if (st != ST_OK) return complain("check-config", &err, 1);
    puts("The settings are right.");
    return 0;
}

static int run_backup(int count, char **args)
{
    Config *config;
    Err err = {""};
    if (count == 0 || args[count - 1][0] == '-') {
        err_set(&err, ST_INVALID, "name the directory to copy to, at the end");
        return complain("backup", &err, 2);
    }
    Str target = str_of(args[count - 1]);
    if (config_load(count - 1, args, environ, &config, &err) != ST_OK)
        return complain("backup", &err, 2);
    Status st = wire_backup(config, target, &err);
    config_free(config);
    if (st != ST_OK) return complain("backup", &err, 1);
    printf("Copied to %.*s\n", STR_FMT(target));
    return 0;
}

static int run_compact(int count, char **args)
{
    Config *config;
    Err err = {""};
    int64_t before = 0, after = 0;
    if (config_load(count, args, environ, &config, &err) != ST_OK)
        return complain("compact", &err, 2);
    Status st = wire_compact(config, &before, &after, &err);
    config_free(config);
    if (st != ST_OK) return complain("compact", &err, 1);
    printf("Rewritten: %lld bytes, %lld before\n", (long long)after, (long long)before);
    return 0;
}

int main(int arg_count, char **args)
{
    base_init();
    Str command = arg_count > 1 ? str_of(args[1]) : S("");
    int count = arg_count > 2 ? arg_count - 2 : 0;
    char **rest = args + (arg_count > 2 ? 2 : arg_count);
    for (int i = 0; i < count; i++)
        if (str_is(str_of(rest[i]), "--help")) return usage(stdout);
    if (str_is(command, "serve")) return run_serve(count, rest);
    if (str_is(command, "check-config")) return run_check_config(count, rest);
    if (str_is(command, "token")) return cli_token(count, rest, environ);
    if (str_is(command, "backup")) return run_backup(count, rest);
    if (str_is(command, "compact")) return run_compact(count, rest);
    if (str_is(command, "version") || str_is(command, "--version")) {
        puts("orqestra " ORQ_VERSION);
        return 0;
    }
    if (str_is(command, "help") || str_is(command, "--help")) return usage(stdout);
    if (command.len)
        fprintf(stderr, "orqestra: there is no command \"%.*s\"\n\n", STR_FMT(command));
    return usage(stderr);
}
