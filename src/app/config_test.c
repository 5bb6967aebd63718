#include "app/config.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "check_test.h"

enum { WORDS_MAX = 12 };

/* One load: words of the command line and of the environment, each list ended by NULL, and the text
 * of a file ("FILE" in a word is replaced by its path), NULL for none. */
typedef struct Case {
    const char *args[WORDS_MAX], *env[WORDS_MAX], *file;
    const char *why; /* of the refusal; NULL: it loads */
} Case;

static const char *file_path(void)
{
    static char path[64];
    if (!path[0]) snprintf(path, sizeof path, "/tmp/orq-config-test-%d", (int)getpid());
    return path;
}

static void write_file(const char *text)
{
    FILE *f = fopen(file_path(), "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* Copies the words, with FILE replaced; returns how many. */
static int copy_words(const char *const *from, char **to)
{
    int count = 0;
    for (; from[count]; count++) {
        Buf b;
        const char *file = strstr(from[count], "FILE");
        buf_init(&b, 4096);
        buf_add(&b,
                file ? str_make(from[count], (size_t)(file - from[count])) : str_of(from[count]));
        if (file) buf_add(&b, str_of(file_path()));
        to[count] = str_dup_z(buf_view(&b));
        buf_done(&b);
    }
    to[count] = NULL;
    return count;
}

static Config *load(const Case *c, Err *err)
{
    char *args[WORDS_MAX + 1], *env[WORDS_MAX + 1];
    Config *config = NULL;
    int count = copy_words(c->args, args);
    copy_words(c->env, env);
    if (c->file) write_file(c->file);
    Status st = config_load(count, args, env, &config, err);
    assert_int_equal(st == ST_OK, config != NULL);
    if (c->file) unlink(file_path());
    for (int i = 0; args[i]; i++) free(args[i]);
    for (int i = 0; env[i]; i++) free(env[i]);
    return config;
}

static Config *good(const Case *c)
{
    Err err = {""};
    Config *config = load(c, &err);
    if (!config) fail_msg("%s", err.text);
    return config;
}

TEST(config_defaults)
{
    Config *c = good(&(Case){0});
    assert_str(c->data, "./data");
    assert_str(c->listen, "127.0.0.1:8000");
    assert_int_equal(c->workers, 0);
    assert_str(c->token_secret, "");
    assert_int_equal(c->allowed_origins.count, 0);
    assert_int_equal(c->ping_interval, 25);
    assert_false(c->demo);
    config_free(c);
    config_free(NULL);
}

TEST(config_file_then_environment_then_flags)
{
    Config *c = good(&(Case){.file = "# ours\nping_interval = 60\npong_timeout=30\nworkers = 1\n",
                             .env = {"ORQESTRA_PONG_TIMEOUT=20", "ORQESTRA_WORKERS=2", "HOME=/x"},
                             .args = {"--config", "FILE", "--workers", "3"}});
    assert_int_equal(c->ping_interval, 60);
    assert_int_equal(c->pong_timeout, 20);
    assert_int_equal(c->workers, 3);
    config_free(c);
}

TEST(config_file_named_by_the_environment_or_better_by_a_flag)
{
    Config *c = good(&(Case){.file = "workers=5\n", .env = {"ORQESTRA_CONFIG=FILE"}});
    assert_int_equal(c->workers, 5);
    config_free(c);
    c = good(&(Case){
        .file = "workers=6\n", .env = {"ORQESTRA_CONFIG=/nonexistent"}, .args = {"--config=FILE"}});
    assert_int_equal(c->workers, 6);
    config_free(c);
    c = good(&(Case){.env = {"ORQESTRA_CONFIG="}});
    config_free(c);
}

TEST(config_ignores_the_variables_of_the_client_kit)
{
    Config *c = good(
        &(Case){.env = {"ORQESTRA_HOST=http://x", "ORQESTRA_API_KEY=k", "ORQESTRA_TENANT_ID=t",
                        "ORQESTRA_WEBHOOK_SECRET=s", "ORQESTRAL=1", "PATH=/bin"}});
    config_free(c);
}

TEST(config_flags_in_every_form)
{
    Config *c = good(&(Case){.args = {"--ping-interval=30", "--demo", "--data", "/d=1",
                                      "--operator-password=a=b=c=d=e=f", "--listen", "[::1]:0"}});
    assert_int_equal(c->ping_interval, 30);
    assert_true(c->demo);
    assert_str(c->data, "/d=1");
    assert_str(c->operator_password, "a=b=c=d=e=f");
    assert_str(c->listen, "[::1]:0");
    config_free(c);
    c = good(&(Case){.args = {"--demo", "true", "--demo", "false", "--workers=1", "--workers=2"}});
    assert_false(c->demo);
    assert_int_equal(c->workers, 2);
    config_free(c);
    c = good(&(Case){.args = {"--demo=true", "--workers=1"}, .env = {"ORQESTRA_DEMO=false"}});
    assert_true(c->demo);
    config_free(c);
}

TEST(config_lists)
{
    Config *c = good(
        &(Case){.env = {"ORQESTRA_ALLOWED_ORIGINS= https://a.example , ,http://b:81,"}});
    assert_int_equal(c->allowed_origins.count, 2);
    assert_str(c->allowed_origins.at[0], "https://a.example");
    assert_str(c->allowed_origins.at[1], "http://b:81");
    config_free(c);
    c = good(&(Case){.file = "allowed_origins = https://a.example,\n  https://*.b.example, *\n"
                             "\thttp://localhost:3000\ndemo = true\n",
                     .args = {"--config", "FILE"}});
    assert_int_equal(c->allowed_origins.count, 4);
    assert_str(c->allowed_origins.at[1], "https://*.b.example");
    assert_str(c->allowed_origins.at[3], "http://localhost:3000");
    assert_true(c->demo);
    config_free(c);
    c = good(&(Case){.file = "allowed_origins = https://a.example\n", /* replaced, not added to */
                     .env = {"ORQESTRA_ALLOWED_ORIGINS=https://c.example"},
                     .args = {"--config", "FILE"}});
    assert_int_equal(c->allowed_origins.count, 1);
    config_free(c);
}

TEST(config_refuses_and_names_the_culprit)
{
    static const Case cases[] = {
        {.env = {"ORQESTRA_PING=1"}, .why = "ORQESTRA_PING: there is no such setting"},
        {.env = {"ORQESTRA_ping_interval=30"},
         .why = "ORQESTRA_ping_interval: there is no such setting"},
        {.env = {"ORQESTRA_=1"}, .why = "ORQESTRA_: there is no such setting"},
        {.env = {"ORQESTRA_WORKERS=two"},
         .why = "ORQESTRA_WORKERS: \"two\" is no whole number from 0 to 4294967295"},
        {.env = {"ORQESTRA_WORKERS="},
         .why = "ORQESTRA_WORKERS: \"\" is no whole number from 0 to 4294967295"},
        {.env = {"ORQESTRA_WORKERS=-1"},
         .why = "ORQESTRA_WORKERS: \"-1\" is no whole number from 0 to 4294967295"},
        {.env = {"ORQESTRA_PING_INTERVAL=4294967296"},
         .why = "ORQESTRA_PING_INTERVAL: \"4294967296\" is no whole number from 0 to 4294967295"},
        {.env = {"ORQESTRA_PING_INTERVAL=25s"},
         .why = "ORQESTRA_PING_INTERVAL: \"25s\" is no whole number from 0 to 4294967295"},
        {.env = {"ORQESTRA_DEMO=yes"}, .why = "ORQESTRA_DEMO: \"yes\" is neither true nor false"},
        {.args = {"--nope", "1"}, .why = "--nope: there is no such flag"},
        {.args = {"--ping_interval", "30"}, .why = "--ping_interval: there is no such flag"},
        {.args = {"--"}, .why = "--: there is no such flag"},
        {.args = {"serve"}, .why = "\"serve\" is no flag; flags are --name VALUE"},
        {.args = {"-d", "x"}, .why = "\"-d\" is no flag; flags are --name VALUE"},
        {.args = {"--listen"}, .why = "--listen wants a value"},
        {.args = {"--config"}, .why = "--config wants a value"},
        {.args = {"--data", "--demo"}, .why = "--data wants a value"},
        {.args = {"--demo", "maybe"}, .why = "\"maybe\" is no flag; flags are --name VALUE"},
        {.args = {"--workers=65"}, .why = "workers is 65; it goes from 0 to 64"},
        {.args = {"--ping-interval=0"}, .why = "ping_interval is 0; it goes from 1 to 3600"},
        {.args = {"--pong-timeout=0"}, .why = "pong_timeout is 0; it goes from 1 to 3600"},
        {.args = {"--connect-timeout=0"}, .why = "connect_timeout is 0; it goes from 1 to 3600"},
        {.args = {"--pong-timeout=25"},
         .why = "pong_timeout (25) must be less than ping_interval (25)"},
        {.args = {"--token-secret", "0123456789012345678901234567890"},
         .why = "token_secret has 31 bytes; it needs 32 or more"},
        {.args = {"--operator-password", "short"},
         .why = "operator_password has 5 bytes; it needs 10 to 256"},
        {.args = {"--data="}, .why = "data must name a directory"},
        {.args = {"--log-level", "loud"},
         .why = "log_level: \"loud\" is none of debug, info, warn, error, none"},
        {.args = {"--allowed-origins", "https://a.example/"},
         .why = "allowed_origins: \"https://a.example/\" is no origin; write "
                "https://app.example.com, without a path"},
        {.args = {"--allowed-origins", "https://ok.example,app.example.com"},
         .why = "allowed_origins: \"app.example.com\" is no origin; write "
                "https://app.example.com, without a path"},
        {.args = {"--config", "FILE"}, .file = "", .why = NULL},
        {.args = {"--config", "FILE"},
         .file = "workers = 1\npings = 2\n",
         .why = "PATH:2: there is no setting \"pings\""},
        {.args = {"--config", "FILE"},
         .file = "\n\nworkers = x\n",
         .why = "PATH:3: \"x\" is no whole number from 0 to 4294967295"},
        {.args = {"--config", "FILE"},
         .file = "[server]\nworkers = 1\n",
         .why = "PATH:1: there are no sections here"},
        {.args = {"--config", "FILE"},
         .file = "# fine\nworkers\n",
         .why = "PATH:2: expected name = value"},
        {.args = {"--config", "FILE"},
         .file = "workers = 1\nworkers = 2\n",
         .why = "PATH:2: workers is set twice"},
        {.args = {"--config", "FILE"},
         .file = "workers = 1\n  demo = true\n",
         .why = "PATH:2: an indented line continues the one before, and workers is no list"},
        {.args = {"--config", "FILE"},
         .file = "operator_password = secret ;not a comment\n",
         .why = "PATH:1: a comment stands on a line of its own"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Err err = {""}, expected = {""};
        Config *c = load(&cases[i], &err);
        const char *why = cases[i].why ? cases[i].why : "";
        if (str_starts(str_of(why), S("PATH")))
            err_set(&expected, ST_INVALID, "%s%s", file_path(), why + 4);
        else
            err_set(&expected, ST_INVALID, "%s", why);
        assert_string_equal(err.text, expected.text);
        assert_int_equal(c != NULL, cases[i].why == NULL);
        config_free(c);
    }
}

TEST(config_refuses_files_it_cannot_read)
{
    Err err = {""};
    assert_null(load(&(Case){.args = {"--config", "/nonexistent/orqestra.conf"}}, &err));
    assert_string_equal(err.text,
                        "/nonexistent/orqestra.conf: cannot be read: No such file or directory");
    assert_null(load(&(Case){.args = {"--config", "/tmp"}}, &err));
    assert_string_equal(err.text, "/tmp: cannot be read: Is a directory");
}

TEST(config_refuses_lines_that_would_be_cut)
{
    Err err = {""}, expected;
    Buf file;
    buf_init(&file, 1000);
    for (size_t len = 100; len < 400; len++) { /* whole or refused, whatever the reader's room */
        buf_clear(&file);
        buf_lit(&file, "token_secret=");
        for (size_t i = 0; i < len; i++) buf_lit(&file, "x");
        buf_lit(&file, "\n");
        char *text = str_dup_z(buf_view(&file));
        Config *c = load(&(Case){.args = {"--config", "FILE"}, .file = text}, &err);
        if (c) assert_int_equal(c->token_secret.len, len);
        assert_true(c || len > 180);
        config_free(c);
        free(text);
    }
    buf_done(&file);
    err_set(&expected, ST_INVALID,
            "%s:1: the line is too long; a list may go on in an indented line, anything else has "
            "room in the environment",
            file_path());
    assert_string_equal(err.text, expected.text);
}

TEST(config_listen_addresses)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"127.0.0.1:8000", true},
        {"0.0.0.0:1", true},
        {":8000", true},
        {"localhost:80", true},
        {"[::]:8000", true},
        {"[::1]:65535", true},
        {"127.0.0.1", false},
        {"127.0.0.1:", false},
        {"127.0.0.1:65536", false},
        {"8000", false},
        {"256.0.0.1:80", false},
        {"[127.0.0.1]:80", false},
        {"[::1:80", false},
        {"example.com:80", false},
        {"127.0.0.1:+80", false},
        {"", false},
        {"127.0.0.1 :80", false},
        {"::1:80", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Err err = {""};
        Buf b;
        buf_init(&b, 100);
        buf_lit(&b, "ORQESTRA_LISTEN=");
        buf_add(&b, str_of(cases[i].text));
        char *variable = str_dup_z(buf_view(&b));
        Config *c = load(&(Case){.env = {variable}}, &err);
        if ((c != NULL) != cases[i].ok) fail_msg("%s: %s", cases[i].text, err.text);
        free(variable);
        buf_done(&b);
        config_free(c);
    }
}

TEST(config_never_repeats_a_secret)
{
    Err err = {""};
    assert_null(load(&(Case){.args = {"--token-secret", "hunter2"}}, &err));
    assert_null(strstr(err.text, "hunter2"));
    assert_null(load(&(Case){.env = {"ORQESTRA_OPERATOR_PASSWORD=hunter2"}}, &err));
    assert_null(strstr(err.text, "hunter2"));
}

TEST(config_help_lists_every_setting_in_line)
{
    Buf b;
    buf_init(&b, KIB(64));
    config_help(&b);
    assert_status(buf_status(&b), ST_OK);
    char *text = str_dup_z(buf_view(&b));
#define SETTING(kind, name, value, help) assert_non_null(strstr(text, "  " help));
#include "app/config.def"
#undef SETTING
    assert_non_null(strstr(text, "  --ping-interval SECONDS"));
    assert_non_null(strstr(text, " [127.0.0.1:8000]\n"));
    assert_non_null(strstr(text, "ORQESTRA_PING_INTERVAL=25"));
    const char *first = strstr(text, "directory that holds"), *line = strchr(first, '\n') + 1;
    assert_int_equal(strstr(line, "address and port") - line, first - text); /* one column */
    free(text);
    buf_done(&b);
}

TEST_MAIN()
