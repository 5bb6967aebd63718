/* One table (config.def) and four sources, each a pass over it: defaults, file, environment, flags.
 * Whatever comes later overwrites. Only the end result is checked for sense, so that a file with one
 * half of a change and a flag with the other are fine together. */
#include "app/config.h"

#include "app/config_set.h"
#include "base/mem.h"

const Setting settings[SETTING_COUNT] = {
#define SETTING(kind, name, value, help) {KIND_##kind, #name, offsetof(Config, name), value, help},
#include "app/config.def"
#undef SETTING
};

static const Str env_prefix = STR_INIT("ORQESTRA_");

/* Variables that begin like ours and are not settings: the file's name, which is read apart, and what
 * the client kit on the same machine uses. */
static const Str env_others[] = {STR_INIT("CONFIG"), STR_INIT("HOST"), STR_INIT("API_KEY"),
                                 STR_INIT("TENANT_ID"), STR_INIT("WEBHOOK_SECRET")};

static char spell_as_flag(char c)
{
    return c == '_' ? '-' : c;
}

static char spell_as_variable(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* The environment */

static bool is_other_variable(Str name)
{
    for (size_t i = 0; i < sizeof env_others / sizeof env_others[0]; i++)
        if (str_eq(name, env_others[i])) return true;
    return false;
}

static Status read_variable(Config *c, Str variable, Err *err)
{
    Str value = variable, where = str_cut(&value, '=');
    if (!str_starts(where, env_prefix)) return ST_OK;
    Str name = str_from(where, env_prefix.len);
    if (is_other_variable(name)) return ST_OK;
    const Setting *s = setting_find(name, spell_as_variable);
    if (!s)
        return err_set(err, ST_INVALID, "%.*s: there is no such setting",
                       STR_FMT(str_head(where, 80)));
    return setting_set(c, s, value, where, err);
}

static Status read_environment(Config *c, char **environment, Err *err)
{
    Status st = ST_OK;
    for (char **at = environment; *at && st == ST_OK; at++) st = read_variable(c, str_of(*at), err);
    return st;
}

static Str file_of_environment(char **environment)
{
    for (char **at = environment; *at; at++)
        if (str_starts(str_of(*at), S("ORQESTRA_CONFIG="))) return str_of(*at + 16);
    return S("");
}

/* Flags */

typedef struct Flag {
    Str where;              /* "--name" */
    const Setting *setting; /* NULL: --config */
    Str value;
} Flag;

static bool is_true_or_false(const char *z)
{
    return str_is(S("true"), z) || str_is(S("false"), z);
}

/* The value that follows a flag as an argument of its own. A FLAG may stand alone. */
static bool take_value(int count, char **args, int *i, Flag *flag)
{
    const char *next = *i < count ? args[*i] : NULL;
    if (flag->setting && flag->setting->kind == KIND_FLAG && !(next && is_true_or_false(next))) {
        flag->value = S("true");
        return true;
    }
    if (!next || str_starts(str_of(next), S("--"))) return false; /* "--data --demo" forgot one */
    flag->value = str_of(next);
    (*i)++;
    return true;
}

/* Takes one flag and its value; *i moves past them. */
static Status take_flag(int count, char **args, int *i, Flag *ret, Err *err)
{
    Flag flag = {.value = str_of(args[(*i)++])};
    flag.where = str_cut(&flag.value, '=');
    Str shown = str_head(flag.where, 80);
    if (!str_starts(flag.where, S("--")))
        return err_set(err, ST_INVALID, "\"%.*s\" is no flag; flags are --name VALUE",
                       STR_FMT(shown));
    flag.setting = setting_find(str_from(flag.where, 2), spell_as_flag);
    if (!flag.setting && !str_is(flag.where, "--config"))
        return err_set(err, ST_INVALID, "%.*s: there is no such flag", STR_FMT(shown));
    if (!flag.value.at && !take_value(count, args, i, &flag))
        return err_set(err, ST_INVALID, "%.*s wants a value", STR_FMT(shown));
    *ret = flag;
    return ST_OK;
}

/* All flags; the settings among them go to c, or nowhere when only the file's name is wanted. */
static Status read_flags(Config *c, int count, char **args, Str *file, Err *err)
{
    Status st = ST_OK;
    for (int i = 0; i < count && st == ST_OK;) {
        Flag flag;
        st = take_flag(count, args, &i, &flag, err);
        if (st != ST_OK) break;
        if (!flag.setting)
            *file = flag.value;
        else if (c)
            st = setting_set(c, flag.setting, flag.value, flag.where, err);
    }
    return st;
}

/* All together */

static void set_defaults(Config *c)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        CHECK(setting_set(c, &settings[i], str_of(settings[i].value), S("config.def"), NULL) ==
              ST_OK);
}

Status config_load(int arg_count, char **args, char **environment, Config **ret_config, Err *err)
{
    Config *c = mem_new(Config);
    Str file = file_of_environment(environment);
    arena_init(&c->arena, CONFIG_BYTES_MAX);
    set_defaults(c);
    Status st = read_flags(NULL, arg_count, args, &file, err);
    if (st == ST_OK && file.len) st = config_read_file(c, file, err);
    if (st == ST_OK) st = read_environment(c, environment, err);
    if (st == ST_OK) st = read_flags(c, arg_count, args, &file, err);
    if (st == ST_OK) st = config_check(c, err);
    if (st == ST_OK)
        *ret_config = c;
    else
        config_free(c);
    return st;
}

void config_free(Config *config)
{
    if (!config) return;
    arena_done(&config->arena);
    mem_free(config);
}

/* Help */

static const char *const kind_words[] = {[KIND_TEXT] = "TEXT",
                                         [KIND_NUMBER] = "NUMBER",
                                         [KIND_SECONDS] = "SECONDS",
                                         [KIND_LIST] = "A,B,...",
                                         [KIND_FLAG] = "true|false"};

static int flag_width(const Setting *s)
{
    return (int)(strlen(s->name) + 1 + strlen(kind_words[s->kind]));
}

static void add_spelled(Buf *out, const char *name, char (*spell)(char))
{
    for (; *name; name++) buf_add_byte(out, (uint8_t)spell(*name));
}

void config_help(Buf *out)
{
    int width = 0;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (flag_width(&settings[i]) > width) width = flag_width(&settings[i]);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const Setting *s = &settings[i];
        buf_lit(out, "  --");
        add_spelled(out, s->name, spell_as_flag);
        buf_format(out, " %s%*s  %s", kind_words[s->kind], width - flag_width(s), "", s->help);
        if (s->value[0]) buf_format(out, " [%s]", s->value);
        buf_lit(out, "\n");
    }
    buf_lit(out, "\nA setting is named alike everywhere: --ping-interval 25 is ");
    buf_add(out, env_prefix);
    add_spelled(out, "ping_interval", spell_as_variable);
    buf_lit(out, "=25 in the\nenvironment and ping_interval = 25 in the file.\n");
}
