/* Our own flags are taken out of the arguments; what is left are settings, and config_load's to judge. */
#include "app/cli_token.h"

#include <stdio.h>
#include <time.h>

#include "app/api/token.h"
#include "app/secrets.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "domain/intake/trigger.h"

enum { CLAIMS_BYTES_MAX = KIB(2), ORDER_ARENA_MAX = KIB(64) };

typedef enum Flag { FLAG_DIALECT, FLAG_TENANT, FLAG_USER, FLAG_SLUG, FLAG_TTL, FLAG_COUNT } Flag;
static const char *const flag_names[FLAG_COUNT] = {"dialect", "tenant", "user", "slug", "ttl"};

typedef struct Args {
    Str flags[FLAG_COUNT]; /* {NULL,0} when not given */
    char **settings;       /* the rest, for config_load */
    int setting_count;
} Args;

static Status args_read(int arg_count, char **args, Args *a, Err *err);
static Status order_make(const Args *a, Arena *arena, TokenOrder *o, Err *err);
static Status token_print(const TokenOrder *order, const Args *a, char **environment, Err *err);

int cli_token(int arg_count, char **args, char **environment)
{
    Args a = {.settings = mem_zero((size_t)(arg_count + 1) * sizeof *args)};
    Arena arena;
    TokenOrder order;
    Err err = {0};

    arena_init(&arena, ORDER_ARENA_MAX);
    Status st = args_read(arg_count, args, &a, &err);
    if (st == ST_OK) st = order_make(&a, &arena, &order, &err);
    int exit_code = st == ST_OK ? 1 : 2;
    if (st == ST_OK) st = token_print(&order, &a, environment, &err);
    if (st == ST_OK)
        exit_code = 0;
    else
        fprintf(stderr, "orqestra token: %s\n", err.text);
    arena_done(&arena);
    mem_free(a.settings);
    return exit_code;
}

void token_order_claims(const TokenOrder *order, int64_t now_s, Buf *out)
{
    buf_add_byte(out, '{');
    token_claims_put(out, order->tenant_id, order->user_id, now_s, order->ttl_s);
    switch (order->dialect) {
    case DIALECT_CENTRIFUGE:
        break;
    case DIALECT_WORKSPACE:
        buf_lit(out, ",\"workspaces\":[");
        json_put_string(out, order->slug);
        buf_add_byte(out, ']');
        break;
    case DIALECT_EXPIRY:
        buf_lit(out, ",\"userId\":");
        json_put_string(out, order->user_id);
        break;
    }
    buf_add_byte(out, '}');
}

/* ---- arguments ---- */

/* "--name" or "--name=value" of one of our flags; FLAG_COUNT for anything else. */
static Flag flag_of(Str arg, Str *ret_value)
{
    Str rest = arg;
    Str name = str_cut(&rest, '=');

    if (!str_starts(name, S("--"))) return FLAG_COUNT;
    for (Flag f = 0; f < FLAG_COUNT; f++)
        if (str_is(str_from(name, 2), flag_names[f])) {
            *ret_value = rest;
            return f;
        }
    return FLAG_COUNT;
}

static Status args_read(int arg_count, char **args, Args *a, Err *err)
{
    for (int i = 0; i < arg_count; i++) {
        Str value = {0};
        Flag flag = flag_of(str_of(args[i]), &value);
        if (flag == FLAG_COUNT) {
            a->settings[a->setting_count++] = args[i];
            continue;
        }
        if (!value.at && i + 1 < arg_count) value = str_of(args[++i]);
        if (value.len == 0) return err_set(err, ST_INVALID, "--%s needs a value", flag_names[flag]);
        a->flags[flag] = value;
    }
    return ST_OK;
}

static Status order_dialect(Str name, TokenOrder *o, Err *err)
{
    static const Str names[] = {STR_INIT("centrifuge"), STR_INIT("workspace"), STR_INIT("expiry")};
    if (!name.at) return ST_OK; /* centrifuge */
    for (TokenDialect d = DIALECT_CENTRIFUGE; d <= DIALECT_EXPIRY; d++)
        if (str_eq(name, names[d])) {
            o->dialect = d;
            return ST_OK;
        }
    return err_set(err, ST_INVALID, "--dialect must be centrifuge, workspace or expiry");
}

static Status order_tenant(Str text, Arena *arena, TokenOrder *o, Err *err)
{
    Uuid id;
    char canonical[UUID_TEXT_LEN];

    if (!uuid_parse(text, &id)) return err_set(err, ST_INVALID, "--tenant must be a tenant's id");
    uuid_text(id, canonical);
    CHECK(arena_copy(arena, str_make(canonical, sizeof canonical), &o->tenant_id));
    return ST_OK;
}

static Status order_user(Str text, Arena *arena, TokenOrder *o, Err *err)
{
    Str problem = {0};
    if (!text.at) return err_set(err, ST_INVALID, "--user is missing");
    if (!user_id_check(text, S("--user"), arena, &problem))
        return err_set(err, ST_INVALID, "%.*s", STR_FMT(problem));
    o->user_id = text;
    return ST_OK;
}

static Status order_ttl(Str text, TokenOrder *o, Err *err)
{
    uint64_t seconds = REALTIME_TOKEN_TTL_S;
    if (text.at && (!str_to_u64(text, &seconds) || seconds == 0 || seconds > INT32_MAX))
        return err_set(err, ST_INVALID, "--ttl must be a number of seconds, 1 or more");
    o->ttl_s = (int64_t)seconds;
    return ST_OK;
}

static Status order_make(const Args *a, Arena *arena, TokenOrder *o, Err *err)
{
    *o = (TokenOrder){.slug = a->flags[FLAG_SLUG]};
    Status st = order_dialect(a->flags[FLAG_DIALECT], o, err);
    if (st == ST_OK) st = order_tenant(a->flags[FLAG_TENANT], arena, o, err);
    if (st == ST_OK) st = order_user(a->flags[FLAG_USER], arena, o, err);
    if (st == ST_OK) st = order_ttl(a->flags[FLAG_TTL], o, err);
    if (st == ST_OK && o->dialect == DIALECT_WORKSPACE && o->slug.len == 0)
        st = err_set(err, ST_INVALID, "--dialect workspace needs --slug, the tenant's slug");
    return st;
}

/* ---- signing ---- */

static Status sign_and_print(const TokenOrder *order, Str secret, Err *err)
{
    JwtKey *key = jwt_key_new(secret);
    Buf claims, token;

    buf_init(&claims, CLAIMS_BYTES_MAX);
    buf_init(&token, JWT_BYTES_MAX);
    token_order_claims(order, (int64_t)time(NULL), &claims);
    Status st = buf_status(&claims);
    if (st == ST_OK) st = jwt_sign(key, buf_view(&claims), &token);
    if (st == ST_OK) st = buf_status(&token);
    if (st == ST_OK)
        printf("%.*s\n", STR_FMT(buf_view(&token)));
    else
        err_set(err, st, "the token could not be signed");
    buf_done(&token);
    buf_done(&claims);
    jwt_key_free(key);
    return st;
}

static Status token_print(const TokenOrder *order, const Args *a, char **environment, Err *err)
{
    Config *config = NULL;
    Secrets secrets = {0};

    Status st = config_load(a->setting_count, a->settings, environment, &config, err);
    if (st == ST_OK) st = secrets_load(config, &secrets, err);
    if (st == ST_OK) st = sign_and_print(order, secrets.token_secret, err);
    secrets_done(&secrets);
    config_free(config);
    return st;
}
