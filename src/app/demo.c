#include "app/demo.h"

#include <stdio.h>

#include "app/admin/audit.h"
#include "app/admin/fields.h"
#include "app/admin/put.h"
#include "app/api/body.h"
#include "app/api/token.h"
#include "app/api/trigger.h"
#include "app/http/router.h"
#include "base/mem.h"
#include "domain/catalog/template_store.h"
#include "domain/tenant/tenant_make.h"

enum { KEY_MAX = 64, NAME_LETTERS = 8 };

#define DEMO_SLUG  S("demo")
#define USER_START S("demo-")

struct Demo {
    char key[KEY_MAX];
    size_t key_len;
};

/* ---- at start ---- */

static Status make_template(StoreTx *tx, uint32_t tenant_no, int64_t now_ms, Random *random,
                            Err *err)
{
    const TemplateRow row = {.tenant_no = tenant_no,
                             .id = uuid_v7(now_ms, random),
                             .event_type = S("order.confirmed"),
                             .channel = CHANNEL_PUSH,
                             .format = FORMAT_TEXT,
                             .subject = S("{{#if title}}{{title}}{{else}}Order confirmed{{/if}}"),
                             .body = S("{{message}}{{#if orderNumber}} ({{orderNumber}}){{/if}}"),
                             .target_channel = S(""),
                             .version = 1,
                             .active = true,
                             .created_ms = now_ms,
                             .updated_ms = now_ms};
    Status st = template_insert(tx, &row, err);
    return st == ST_OK ? template_keep_version(tx, &row, err) : st;
}

static Status make_tenant(StoreTx *tx, const SealKey *master, int64_t now_ms, Arena *arena,
                          TenantRow *ret_row, Err *err)
{
    Random random;
    random_init(&random);
    TenantRow row = tenant_make(S("Demo"), DEMO_SLUG, now_ms, master, &random, arena);
    row.rate_limit_per_minute = row.daily_cap = 0; /* unlimited: it is there to be played with */
    const AuditEntry entry = {
        .at_ms = now_ms, .actor = S("server"), .action = "tenant.created", .subject = DEMO_SLUG};
    Status st = tenant_insert(tx, &row, err);
    if (st == ST_OK) st = make_template(tx, row.no, now_ms, &random, err);
    if (st == ST_OK) st = audit_write(tx, &entry, err);
    if (st == ST_OK) *ret_row = row;
    return st;
}

Status demo_load(StoreTx *tx, App *app, int64_t now_ms, Err *err)
{
    const SealKey *master = app->secrets->master;
    Arena arena;
    TenantRow row;
    Str key;
    arena_init(&arena, TENANT_BYTES_MAX);
    Status st = tenant_read_slug(tx, DEMO_SLUG, &arena, &row, err);
    if (st == ST_NOT_FOUND) st = make_tenant(tx, master, now_ms, &arena, &row, err);
    if (st == ST_OK)
        st = vault_open(master, row.id, SECRET_API_KEY, row.key_sealed, &arena, &key, err);
    if (st == ST_OK) {
        app->demo = mem_new(struct Demo);
        app->demo->key_len = key.len < KEY_MAX ? key.len : KEY_MAX;
        memcpy(app->demo->key, key.at, app->demo->key_len);
    }
    arena_done(&arena);
    return st;
}

void demo_announce(const App *app, const char *host, Str at)
{
    if (!app->demo) return;
    Str key = str_make(app->demo->key, app->demo->key_len);
    printf("\n  Demo      %s%.*s/demo\n  API key   %.*s   (tenant \"Demo\")\n\n"
           "  curl %s%.*s/api/v1/events/trigger \\\n"
           "    -H 'x-api-key: %.*s' \\\n"
           "    -H 'Content-Type: application/json' \\\n"
           "    -d '{\"eventType\":\"global.info\",\"payload\":{\"userId\":\"demo-...\"},"
           "\"variables\":{\"title\":\"Hello\",\"message\":\"It works.\"}}'\n\n",
           host, STR_FMT(at), STR_FMT(key), host, STR_FMT(at), STR_FMT(key));
}

void demo_free(App *app)
{
    if (!app->demo) return;
    secret_wipe(app->demo, sizeof *app->demo);
    mem_free(app->demo);
    app->demo = NULL;
}

/* ---- the two routes ---- */

/* The tenant, or NULL and answered 404: no demo here. */
static const Tenant *demo_tenant(Request *rq)
{
    const Tenant *tenant = NULL;
    if (rq->lane->app->config->demo) tenant = snapshot_by_slug(rq->snapshot, DEMO_SLUG);
    if (tenant && tenant->active) return tenant;
    respond_error(rq, 404, S("There is no demo on this server"));
    return NULL;
}

static bool is_demo_user(Str user_id, Arena *arena)
{
    Str problem;
    return str_starts(user_id, USER_START) && user_id.len > USER_START.len &&
           user_id_check(user_id, S("userId"), arena, &problem);
}

static Str new_user(Random *random, Arena *arena)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    char name[NAME_LETTERS];
    random_fill(random, name, sizeof name);
    for (size_t i = 0; i < sizeof name; i++) name[i] = letters[name[i] & 31];
    return arena_format(arena, "demo-%.*s", NAME_LETTERS, name);
}

static void answer_session(Request *rq, const Tenant *tenant, Str user_id)
{
    Lane *lane = rq->lane;
    Buf token, out;
    buf_init(&token, JWT_BYTES_MAX);
    buf_init(&out, KIB(64));
    Status st = realtime_token_make(lane->token_key, tenant, user_id, lane->loop->now_ms / 1000,
                                    REALTIME_TOKEN_TTL_S, &token);
    put_open(&out);
    put_text(&out, "userId", user_id);
    put_text(&out, "tenantId", tenant->id_text);
    put_text(&out, "token", buf_view(&token));
    put_key(&out, "channels");
    realtime_channels_put(&out, tenant, user_id);
    put_close(&out);
    if (st == ST_OK) st = buf_status(&out);
    if (st == ST_OK)
        respond_json(rq, 200, buf_view(&out));
    else
        respond_status(rq, st, NULL);
    buf_done(&token);
    buf_done(&out);
}

void demo_session(Request *rq)
{
    Json json;
    Str user_id;
    const Tenant *tenant = demo_tenant(rq);
    if (!tenant || !request_json(rq, &json) || !body_left_room(rq)) return;
    if (!json_string(&json, json_get(&json, 0, S("userId")), &rq->arena, &user_id) ||
        !is_demo_user(user_id, &rq->arena))
        user_id = new_user(&rq->lane->loop->random, &rq->arena);
    answer_session(rq, tenant, user_id);
}

/* What the page's backend would send, had it one. */
static Str trigger_body(Arena *arena, Str event_type, Str user_id, Str title, Str message)
{
    Buf body;
    Str kept = {NULL, 0};
    buf_init(&body, HTTP_BODY_MAX);
    put_open(&body);
    put_text(&body, "eventType", event_type);
    put_key(&body, "payload");
    put_open(&body);
    put_text(&body, "userId", user_id);
    put_close(&body);
    put_key(&body, "variables");
    put_open(&body);
    put_text(&body, "title", title);
    put_text(&body, "message", message);
    put_close(&body);
    put_close(&body);
    if (buf_status(&body) != ST_OK || !arena_copy(arena, buf_view(&body), &kept))
        kept = (Str){NULL, 0};
    buf_done(&body);
    return kept;
}

static void read_trigger(const Fields *f, Str *ret_body)
{
    static const Str known[] = {STR_INIT("userId"), STR_INIT("eventType"), STR_INIT("title"),
                                STR_INIT("message")};
    Str user_id = S(""), event_type = S(""), title = S(""), message = S("");
    if (!fields_open(f, known, sizeof known / sizeof *known)) return;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        fields_require(f, known[i], "a string");
    fields_text(f, S("eventType"), 1, EVENT_TYPE_MAX, &event_type);
    fields_text(f, S("title"), 0, TITLE_MAX, &title);
    fields_text(f, S("message"), 0, PUSH_BODY_MAX, &message);
    if (fields_text(f, S("userId"), 1, USER_ID_MAX, &user_id) && !is_demo_user(user_id, f->arena))
        fields_problem(f, "userId must start with demo-");
    *ret_body = trigger_body(f->arena, event_type, user_id, title, message);
    if (!ret_body->at) problems_add(f->problems, S("the request is too large"));
}

void demo_trigger(Request *rq)
{
    Json json;
    Str body = {NULL, 0};
    Trigger trigger;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    const Tenant *tenant = demo_tenant(rq);
    if (!tenant || !request_json(rq, &json) || !body_left_room(rq)) return;
    read_trigger(&f, &body);
    if (problems.count || trigger_parse(body, &rq->arena, &trigger, &problems) != ST_OK) {
        respond_problems(rq, &problems);
        return;
    }
    trigger.trace_id = S("");
    trigger_accept(rq, tenant, &trigger);
}
