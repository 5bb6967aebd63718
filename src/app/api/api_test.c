/* The tenant API's handlers and their guard, between a request that is in hand and an errand that
 * leaves: the server below and the store behind are replaced by what the test needs of them. As in
 * life, an answer ends its request: whoever touches it afterwards is found by the sanitizer. */
#include "app/api/limit.h"
#include "app/api/token.h"
#include "app/errand.h"
#include "app/admin/authenticate.h"
#include "app/app.h"
#include "app/http/guard.h"
#include "app/http/router.h"

#include "base/limits.h"
#include "proto/hmac.h"
#include "check_test.h"

#define TENANT_ID "018f2d5e-1c3a-7b4c-8d5e-6f7a8b9c0d1e"
#define OTHER_ID  "018f2d5e-1c3a-7b4c-8d5e-6f7a8b9c0d1f"
#define REFUSED   "{\"statusCode\":401,\"message\":\"Invalid or inactive API key\"}"
#define NOW_S     1776859200
#define SECRET    "0123456789abcdef0123456789abcdef"

/* ---- what was answered, what was sent to the store ---- */

static struct {
    int status;
    char body[4096];
    size_t body_len;
    char trace[300];
    bool replayed;
    Errand *errand;
    StoreKind kind;
    uint32_t given_back; /* to the limiter */
} seen;

static void request_end(Request *rq)
{
    arena_done(&rq->arena);
    arena_thread_done(); /* or a spare chunk hides who still looks into it */
    mem_free(rq);
}

void respond_json(Request *rq, int status, Str json)
{
    assert_int_equal(seen.status, 0); /* once only */
    assert_true(json.len < sizeof seen.body);
    seen.status = status;
    memcpy(seen.body, json.at, json.len);
    seen.body_len = json.len;
    request_end(rq);
}

void respond_header(Request *rq, Str name, Str value)
{
    (void)rq;
    if (str_is(name, "Idempotency-Replayed")) {
        assert_str(value, "true");
        seen.replayed = true;
        return;
    }
    assert_str(name, "X-Trace-Id");
    snprintf(seen.trace, sizeof seen.trace, "%.*s", STR_FMT(value));
}

void respond_error(Request *rq, int status, Str message)
{
    char body[256];
    int len = snprintf(body, sizeof body, "{\"statusCode\":%d,\"message\":\"%.*s\"}", status,
                       STR_FMT(message));
    respond_json(rq, status, str_make(body, (size_t)len));
}

void respond_detail(Request *rq, int status, Str detail)
{
    respond_json(rq, status, detail);
}

void respond_problems(Request *rq, const Problems *problems)
{
    Buf b;
    buf_init(&b, 4096);
    for (uint32_t i = 0; i < problems->count; i++) {
        buf_add(&b, problems->text[i]);
        buf_add_byte(&b, '\n');
    }
    respond_json(rq, 422, buf_view(&b));
    buf_done(&b);
}

void respond_status(Request *rq, Status st, const Err *err)
{
    (void)err;
    respond_json(rq, 500, str_of(status_name(st)));
}

bool request_query(Request *rq, Str name, Str *ret_value)
{
    Str rest = rq->query;
    while (rest.at) {
        Str value = str_cut(&rest, '&');
        if (!str_eq(str_cut(&value, '='), name)) continue;
        *ret_value = value;
        return true;
    }
    return false;
}

bool request_json(Request *rq, Json *ret_json)
{
    if (json_parse(rq->body, &rq->arena, ret_json, NULL) == ST_OK) return true;
    respond_json(rq, 422, S("broken"));
    return false;
}

bool admin_authenticate(Request *rq)
{
    respond_json(rq, 401, S("operator"));
    return false;
}

static bool over_limit; /* what the limiter will say */

bool limit_admit(Request *rq, const Tenant *tenant, uint32_t count)
{
    (void)tenant;
    assert_int_equal(count, 1);
    rq->counted = count;
    if (over_limit) respond_json(rq, 429, S("limited"));
    return !over_limit;
}

void limit_give_back(Request *rq, const Tenant *tenant, uint32_t count)
{
    (void)tenant;
    assert_true(count <= rq->counted);
    seen.given_back += count;
}

Errand *errand_new(Request *rq, void (*back)(Request *rq, Errand *e))
{
    Errand *e = arena_new(&rq->arena, Errand);
    e->rq = rq;
    e->back = back;
    return e;
}

bool errand_send(Errand *e, StoreKind kind)
{
    seen.errand = e;
    seen.kind = kind;
    return true;
}

/* ---- a lane with one tenant and one that is suspended ---- */

typedef struct World {
    App app;
    Config config;
    Lane lane;
    Loop loop;
    Snapshot snapshot;
    Tenant tenants[2], platform;
    HttpHeader headers[4];
    HttpHead head;
} World;

static Str key_of(const void *t)
{
    return str_make(((const Tenant *)t)->key_hash.at, SHA256_BYTES);
}
static Str id_of(const void *t)
{
    return ((const Tenant *)t)->id_text;
}
static Str type_of(const void *group)
{
    return ((const TemplateGroup *)group)->event_type;
}

static void tenant_init(World *w, Tenant *t, Str id_text, Str key, bool active)
{
    t->no = 7;
    assert_true(uuid_parse(id_text, &t->id));
    t->id_text = id_text;
    t->name = S("Acme \"Ltd\"");
    t->active = active;
    t->key_hash = hash_sha256(key);
    t->delivery_channels = CHANNELS_ALL;
    map_init(&t->groups, 10, type_of);
    assert_status(map_put(&w->snapshot.by_key_hash, t), ST_OK);
    assert_status(map_put(&w->snapshot.by_id, t), ST_OK);
}

static void world_init(World *w)
{
    memset(w, 0, sizeof *w);
    w->config.idempotency_ttl = 60;
    w->app.config = &w->config;
    w->lane.app = &w->app;
    w->lane.loop = &w->loop;
    w->loop.now_ms = (int64_t)NOW_S * 1000 + 999;
    random_init(&w->loop.random);
    buf_init(&w->lane.scratch, MIB(1));
    w->lane.token_key = jwt_key_new(S(SECRET));
    w->lane.hmac = hmac_new();
    map_init(&w->snapshot.by_key_hash, 10, key_of);
    map_init(&w->snapshot.by_id, 10, id_of);
    map_init(&w->platform.groups, 10, type_of);
    w->snapshot.platform = &w->platform;
    tenant_init(w, &w->tenants[0], S(TENANT_ID), S("good"), true);
    tenant_init(w, &w->tenants[1], S(OTHER_ID), S("suspended"), false);
}

static void world_done(World *w)
{
    map_done(&w->snapshot.by_key_hash);
    map_done(&w->snapshot.by_id);
    map_done(&w->platform.groups);
    for (int i = 0; i < 2; i++) map_done(&w->tenants[i].groups);
    jwt_key_free(w->lane.token_key);
    hmac_free(w->lane.hmac);
    buf_done(&w->lane.scratch);
}

static void add_header(World *w, const char *name, const char *value)
{
    w->head.headers = w->headers;
    w->headers[w->head.header_count++] = (HttpHeader){str_of(name), str_of(value)};
}

/* A request from the tenant, its body declared as JSON; ready for a handler. */
static Request *request(World *w, const char *body)
{
    Request *rq = mem_new(Request);
    memset(&seen, 0, sizeof seen);
    arena_init(&rq->arena, REQUEST_ARENA_MAX);
    rq->lane = &w->lane;
    rq->snapshot = &w->snapshot;
    rq->tenant = &w->tenants[0];
    rq->head = &w->head;
    rq->body = str_of(body);
    w->head.header_count = 0;
    add_header(w, "Content-Type", "application/json; charset=utf-8");
    return rq;
}

static Request *feed_request(World *w, const char *tenant, const char *query)
{
    Request *rq = request(w, "");
    w->head.header_count = 0;
    rq->query = str_of(query);
    rq->params[0] = str_of(tenant);
    rq->params[1] = S("u1");
    return rq;
}

static void assert_answer(int status, const char *body)
{
    assert_int_equal(seen.status, status);
    assert_str(str_make(seen.body, seen.body_len), body);
}

static void come_back(Status st)
{
    seen.errand->call.st = st;
    seen.errand->back(seen.errand->rq, seen.errand);
}

/* ---- the guard ---- */

static bool admit(World *w, Guard guard, const char *name, const char *value, Request **ret_rq)
{
    Route route = {.guard = guard};
    Request *rq = request(w, "");
    w->head.header_count = 0;
    if (name) add_header(w, name, value);
    rq->route = &route;
    rq->tenant = NULL;
    *ret_rq = rq;
    return guard_admit(rq);
}

TEST(guard_admits_an_active_tenants_key_only)
{
    World w;
    Request *rq;
    world_init(&w);
    assert_true(admit(&w, GUARD_KEY, "X-API-Key", "good", &rq));
    assert_ptr_equal(rq->tenant, &w.tenants[0]);
    request_end(rq);
    assert_false(admit(&w, GUARD_KEY, "x-api-key", "bad", &rq));
    assert_answer(401, REFUSED);
    assert_false(admit(&w, GUARD_KEY, "x-api-key", "", &rq));
    assert_answer(401, REFUSED);
    assert_false(admit(&w, GUARD_KEY, "x-api-key", "suspended", &rq));
    assert_answer(401, REFUSED);
    assert_false(admit(&w, GUARD_KEY, NULL, NULL, &rq));
    assert_answer(401, REFUSED);
    assert_true(admit(&w, GUARD_NONE, NULL, NULL, &rq));
    request_end(rq);
    assert_false(admit(&w, GUARD_OPERATOR, NULL, NULL, &rq));
    assert_answer(401, "operator");
    world_done(&w);
}

/* Bearer <claims signed with the world's key>, offered at a route that takes keys or tokens. */
static bool admit_claims(World *w, Guard guard, const char *claims, Request **ret_rq)
{
    Buf b;
    buf_init(&b, KIB(4));
    buf_lit(&b, "bearer ");
    assert_status(jwt_sign(w->lane.token_key, str_of(claims), &b), ST_OK);
    buf_add_byte(&b, '\0');
    bool admitted = admit(w, guard, "Authorization", buf_view(&b).at, ret_rq);
    if (admitted) assert_str((*ret_rq)->token_user, "u1");
    buf_done(&b);
    return admitted;
}

TEST(guard_admits_a_live_token_of_an_active_tenant)
{
    static const char *const refused[] = {
        "{\"sub\":\"u1\",\"tenant\":\"" TENANT_ID "\",\"exp\":1776859200}", /* over this second */
        "{\"sub\":\"u1\",\"tenant\":\"" TENANT_ID "\"}",
        "{\"sub\":\"\",\"tenant\":\"" TENANT_ID "\",\"exp\":1776859201}",
        "{\"tenant\":\"" TENANT_ID "\",\"exp\":1776859201}",
        "{\"sub\":\"u1\",\"tenant\":\"" OTHER_ID "\",\"exp\":1776859201}", /* suspended */
        "{\"sub\":\"u1\",\"tenant\":7,\"exp\":1776859201}",
        "{\"sub\":\"u1\",\"exp\":1776859201}",
    };
    static const char good[] = "{\"sub\":\"u1\",\"tenant\":\"" TENANT_ID "\",\"exp\":1776859201}";
    World w;
    Request *rq;
    world_init(&w);
    assert_true(admit_claims(&w, GUARD_KEY_OR_TOKEN, good, &rq));
    assert_ptr_equal(rq->tenant, &w.tenants[0]);
    request_end(rq);
    assert_false(admit_claims(&w, GUARD_KEY, good, &rq)); /* this route wants the key */
    assert_answer(401, REFUSED);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_false(admit_claims(&w, GUARD_KEY_OR_TOKEN, refused[i], &rq));
        assert_answer(401, REFUSED);
    }
    assert_false(admit(&w, GUARD_KEY_OR_TOKEN, "Authorization", "Bearer x.y.z", &rq));
    assert_answer(401, REFUSED);
    assert_false(admit(&w, GUARD_KEY_OR_TOKEN, "Authorization", "Bearer", &rq));
    assert_answer(401, REFUSED);
    assert_true(admit(&w, GUARD_KEY_OR_TOKEN, "x-api-key", "good", &rq));
    assert_null(rq->token_user.at);
    request_end(rq);
    world_done(&w);
}

#define BODY     "{ not even JSON"
#define SIGNED_1 "8bc08f548d0b9a0e842388b6cace005ad9ef638d30c6250203a767b2b3c81a66"
#define SIGNED_2 "705f2a016adc79745ebd0d768e9b452f6e803cd9a0f973299bc4c34eb8ebf914"
#define UNSIGNED                                                                                   \
    "{\"statusCode\":401,\"message\":\"Missing X-Orqestra-Signature header for secured tenant\"}"
#define MISSIGNED "{\"statusCode\":401,\"message\":\"Invalid HMAC signature\"}"

/* The guard's verdict on BODY with the good key; a refusal must say `refusal`. */
static void assert_signed(World *w, const char *signature, const char *refusal)
{
    Route route = {.guard = GUARD_SIGNED_KEY};
    Request *rq = request(w, BODY);
    add_header(w, "x-api-key", "good");
    if (signature) add_header(w, "X-ORQESTRA-SIGNATURE", signature);
    rq->route = &route;
    rq->tenant = NULL;
    if (guard_admit(rq)) {
        assert_null(refusal);
        request_end(rq);
        return;
    }
    assert_non_null(refusal);
    assert_answer(401, refusal);
}

TEST(guard_wants_a_signature_from_a_secured_tenant_only)
{
    World w;
    Request *rq;
    world_init(&w);
    assert_signed(&w, NULL, NULL);
    assert_signed(&w, "nonsense", NULL);
    w.tenants[0].webhook_secret = S("webhook secret 1");
    assert_signed(&w, NULL, UNSIGNED);
    assert_signed(&w, "", UNSIGNED);
    assert_signed(&w, "nonsense", MISSIGNED);
    assert_signed(&w, SIGNED_2, MISSIGNED);
    assert_signed(&w, SIGNED_1, NULL);
    assert_false(admit(&w, GUARD_SIGNED_KEY, "x-api-key", "bad", &rq)); /* the key comes first */
    assert_answer(401, REFUSED);
    world_done(&w);
}

TEST(guard_takes_the_old_secret_until_its_time_is_over)
{
    World w;
    world_init(&w);
    w.tenants[0].webhook_secret = S("webhook secret 2");
    w.tenants[0].webhook_old_secret = S("webhook secret 1");
    w.tenants[0].webhook_old_until_ms = w.loop.now_ms + 1;
    assert_signed(&w, SIGNED_2, NULL);
    assert_signed(&w, SIGNED_1, NULL);
    w.loop.now_ms++;
    assert_signed(&w, SIGNED_2, NULL);
    assert_signed(&w, SIGNED_1, MISSIGNED);
    world_done(&w);
}

/* ---- the trigger ---- */

#define TRIGGER "{\"eventType\":\"a\\\"b\",\"payload\":{\"userId\":\"u1\"}}"

TEST(trigger_answers_after_the_store)
{
    World w;
    world_init(&w);
    Request *rq = request(&w, TRIGGER);
    add_header(&w, "x-trace-id", "t-1");
    api_trigger(rq);
    assert_int_equal(seen.status, 0);
    assert_int_equal(seen.kind, STORE_ACCEPT);
    assert_int_equal(seen.errand->accept.event_count, 1);
    assert_int_equal(seen.errand->accept.events[0].tenant_no, 7);
    assert_str(seen.errand->accept.events[0].trace_id, "t-1");
    assert_str(str_of(seen.trace), "t-1");
    come_back(ST_OK);
    assert_answer(200, "{\"success\":true,\"message\":\"Event a\\\"b dispatched securely for "
                       "Acme \\\"Ltd\\\"\"}");
    world_done(&w);
}

/* What the store does with an event whose key is taken. */
static void replay(size_t i, bool body_differs)
{
    EventPlan *plan = &seen.errand->accept.events[i];
    assert_true(plan->key.set);
    plan->ret_replay = (EventReplay){.is = true,
                                     .body_differs = body_differs,
                                     .event_id = S("first-id"),
                                     .answer = S("Event \"1\" was sent")};
}

TEST(trigger_answers_a_replay_with_what_the_first_was_told)
{
    World w;
    world_init(&w);
    for (int differs = 0; differs < 2; differs++) {
        api_trigger(request(&w, "{\"eventType\":\"e\",\"eventId\":\"1\","
                                "\"payload\":{\"userId\":\"u1\"}}"));
        replay(0, differs);
        come_back(ST_OK);
        assert_answer(200, "{\"success\":true,\"message\":\"Event \\\"1\\\" was sent\"}");
        assert_true(seen.replayed);
    }
    assert_int_equal(seen.given_back, 1); /* a replay uses up nobody's day */
    world_done(&w);
}

static EventKey key_sent(World *w, const char *header, const char *body)
{
    Request *rq = request(w, body);
    if (header) add_header(w, "X-Idempotency-Key", header);
    api_trigger(rq);
    EventKey key = seen.errand->accept.events[0].key;
    come_back(ST_OK);
    assert_int_equal(seen.status, 200);
    assert_false(seen.replayed);
    return key;
}

TEST(trigger_takes_the_header_for_its_key_else_the_event_id)
{
    static const char named[] = "{\"eventType\":\"e\",\"eventId\":\"1\","
                                "\"payload\":{\"userId\":\"u1\"}}";
    World w;
    world_init(&w);
    assert_false(key_sent(&w, NULL, TRIGGER).set);
    EventKey by_header = key_sent(&w, "1", TRIGGER), by_id = key_sent(&w, NULL, named),
             by_both = key_sent(&w, "1", named), other = key_sent(&w, "2", named);
    assert_true(by_header.set && by_id.set);
    assert_int_equal(by_header.expires_ms, w.loop.now_ms + 60000);
    assert_memory_equal(by_header.hash, by_both.hash, EVENT_KEY_BYTES);
    assert_memory_not_equal(by_header.hash, by_id.hash, EVENT_KEY_BYTES);
    assert_memory_not_equal(by_both.hash, other.hash, EVENT_KEY_BYTES);
    assert_memory_equal(by_both.body_hash, by_id.body_hash, EVENT_KEY_BYTES);
    assert_memory_not_equal(by_both.body_hash, by_header.body_hash, EVENT_KEY_BYTES);
    world_done(&w);
}

TEST(trigger_wants_a_visible_key)
{
    char longest[IDEMPOTENCY_KEY_MAX + 2];
    World w;
    world_init(&w);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const bad[] = {longest, "two words", "", "t\x7f", "\xc3\xbc"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        Request *rq = request(&w, "{\"payload\":{\"userId\":\"u1\"}}");
        add_header(&w, "X-Idempotency-Key", bad[i]);
        api_trigger(rq);
        assert_null(seen.errand);
        assert_answer(422, "eventType must be a string\neventType should not be empty\n"
                           "X-Idempotency-Key must be 1 to 255 visible characters\n");
    }
    longest[IDEMPOTENCY_KEY_MAX] = '\0';
    assert_true(key_sent(&w, longest, TRIGGER).set);
    world_done(&w);
}

TEST(trigger_never_passes_a_conflict_for_the_clients)
{
    World w;
    world_init(&w);
    api_trigger(request(&w, TRIGGER));
    come_back(ST_CONFLICT);
    assert_int_equal(seen.given_back, 1);
    assert_answer(500, "ST_INTERNAL");
    world_done(&w);
}

TEST(trigger_says_so_when_the_store_failed)
{
    World w;
    world_init(&w);
    api_trigger(request(&w, TRIGGER));
    come_back(ST_UNAVAILABLE);
    assert_answer(500, "ST_UNAVAILABLE");
    assert_int_equal(seen.given_back, 1);
    world_done(&w);
}

TEST(trigger_asks_the_limiter_after_validation_and_before_the_store)
{
    World w;
    world_init(&w);
    over_limit = true;
    api_trigger(request(&w, "{}"));
    assert_int_equal(seen.status, 422);
    api_trigger(request(&w, TRIGGER));
    assert_answer(429, "limited");
    assert_null(seen.errand);
    assert_int_equal(seen.given_back, 0);
    over_limit = false;
    api_trigger(request(&w, TRIGGER));
    come_back(ST_OK);
    assert_int_equal(seen.given_back, 0);
    world_done(&w);
}

TEST(trigger_refuses_before_the_store)
{
    static const struct {
        const char *header, *value, *body, *answer;
    } cases[] = {
        {"Content-Type", "text/plain", TRIGGER, "Content-Type must be application/json\n"},
        {"Content-Type", "application/jsonp", TRIGGER, "Content-Type must be application/json\n"},
        {NULL, NULL, TRIGGER, "Content-Type must be application/json\n"},
        {"Content-Type", "APPLICATION/JSON", "[]", "request body must be a JSON object\n"},
    };
    World w;
    world_init(&w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Request *rq = request(&w, cases[i].body);
        w.head.header_count = 0;
        if (cases[i].header) add_header(&w, cases[i].header, cases[i].value);
        api_trigger(rq);
        assert_null(seen.errand);
        assert_answer(422, cases[i].answer);
    }
    world_done(&w);
}

TEST(trigger_wants_a_visible_trace_id)
{
    char longest[TRACE_ID_MAX + 2];
    World w;
    world_init(&w);
    memset(longest, 'x', sizeof longest);
    for (int extra = 0; extra < 2; extra++) {
        longest[TRACE_ID_MAX + extra] = '\0';
        Request *rq = request(&w, TRIGGER);
        add_header(&w, "X-Trace-Id", longest);
        api_trigger(rq);
        if (!extra) come_back(ST_OK);
        assert_int_equal(seen.status, extra ? 422 : 200);
        longest[TRACE_ID_MAX + extra] = 'x';
    }
    Request *rq = request(&w, TRIGGER);
    add_header(&w, "X-Trace-Id", "two words");
    api_trigger(rq);
    assert_answer(422, "X-Trace-Id must be 1 to 255 visible characters\n");
    world_done(&w);
}

/* ---- realtime tokens ---- */

TEST(token_names_the_user_the_tenant_and_two_hours)
{
    Str channels[] = {S("orders"), S("news")};
    World w;
    Arena arena;
    Json json;
    Str token;
    JwtClaims claims;

    world_init(&w);
    w.tenants[0].channels = channels;
    w.tenants[0].channel_count = 2;
    api_realtime_token(request(&w, "{\"userId\":\"u1\"}"));
    assert_int_equal(seen.status, 200);
    arena_init(&arena, KIB(64));
    assert_status(json_parse(str_make(seen.body, seen.body_len), &arena, &json, NULL), ST_OK);
    assert_str(json_raw(&json, json_get(&json, 0, S("channels"))),
               "[\"global_system#u1\",\"orders#u1\",\"news#u1\"]");
    assert_true(json_string(&json, json_get(&json, 0, S("token")), &arena, &token));
    assert_status(jwt_verify(w.lane.token_key, token, NOW_S, &arena, &claims, NULL), ST_OK);
    assert_str(claims.json.text, "{\"sub\":\"u1\",\"tenant\":\"" TENANT_ID
                                 "\",\"iat\":1776859200,\"exp\":1776866400}");
    arena_done(&arena);
    world_done(&w);
}

TEST(token_wants_a_user)
{
    static const struct {
        const char *body, *answer;
    } cases[] = {
        {"{}", "userId must be a string\nuserId should not be empty\n"},
        {"{\"userId\":null}", "userId must be a string\nuserId should not be empty\n"},
        {"{\"userId\":3}", "userId must be a string\n"},
        {"{\"userId\":\"\"}", "userId should not be empty\n"},
        {"{\"userId\":\"a#b\"}", "userId must not contain '#'\n"},
    };
    World w;
    world_init(&w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        api_realtime_token(request(&w, cases[i].body));
        assert_answer(422, cases[i].answer);
    }
    Request *rq = request(&w, "{\"userId\":\"u1\"}");
    w.head.header_count = 0;
    api_realtime_token(rq);
    assert_answer(422, "Content-Type must be application/json\n");
    world_done(&w);
}

/* ---- the feed ---- */

TEST(feed_asks_for_a_page)
{
    static const struct {
        const char *query;
        uint32_t limit, offset;
    } cases[] = {
        {NULL, 50, 0},
        {"limit=10&offset=10", 10, 10},
        {"limit=1", 1, 0},
        {"limit=100", 100, 0},
        {"limit=101", 100, 0},
        {"limit=99999999999999999999999", 100, 0},
        {"offset=99999999999999999999999", 50, INT32_MAX},
    };
    World w;
    world_init(&w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        api_feed_list(feed_request(&w, TENANT_ID, cases[i].query));
        assert_int_equal(seen.kind, STORE_FEED);
        assert_int_equal(seen.errand->feed.tenant_no, 7);
        assert_str(seen.errand->feed.user_id, "u1");
        assert_int_equal(seen.errand->feed.limit, cases[i].limit);
        assert_int_equal(seen.errand->feed.offset, cases[i].offset);
        come_back(ST_OK);
        assert_answer(200, "{\"success\":true,\"data\":[]}");
    }
    world_done(&w);
}

TEST(feed_refuses_pages_that_are_none)
{
    static const char limit[] = "limit must be an integer number between 1 and 100\n";
    static const char offset[] = "offset must be an integer number not less than 0\n";
    static const struct {
        const char *query, *answer;
    } cases[] = {
        {"limit=0", limit},    {"limit=-1", limit},  {"limit=x", limit},
        {"limit=", limit},     {"limit=1.5", limit}, {"limit=+5", limit},
        {"offset=-1", offset}, {"offset=x", offset}, {"offset=1e3", offset},
    };
    World w;
    world_init(&w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        api_feed_list(feed_request(&w, TENANT_ID, cases[i].query));
        assert_answer(422, cases[i].answer);
    }
    world_done(&w);
}

TEST(feed_shows_what_the_store_found)
{
    World w;
    FeedItem *item;
    world_init(&w);
    api_feed_list(feed_request(&w, TENANT_ID, NULL));
    item = arena_new(seen.errand->feed.arena, FeedItem); /* as the store does */
    item->event_type = S("e");
    item->title = item->body = S("t");
    seen.errand->feed.ret_items = item;
    seen.errand->feed.ret_count = 1;
    come_back(ST_OK);
    assert_answer(200,
                  "{\"success\":true,\"data\":[{\"id\":\"00000000-0000-0000-0000-000000000000\","
                  "\"type\":\"e\",\"title\":\"t\",\"body\":\"t\",\"status\":\"UNREAD\","
                  "\"created_at\":\"1970-01-01T00:00:00.000Z\"}]}");
    api_feed_list(feed_request(&w, TENANT_ID, NULL));
    come_back(ST_TOO_BIG);
    assert_answer(422, "limit is too large for notifications of this size\n");
    api_feed_list(feed_request(&w, TENANT_ID, NULL));
    come_back(ST_UNAVAILABLE);
    assert_answer(500, "ST_UNAVAILABLE");
    world_done(&w);
}

TEST(feed_is_for_its_own_tenant_and_user)
{
    World w;
    world_init(&w);
    api_feed_list(feed_request(&w, OTHER_ID, NULL));
    assert_answer(401, REFUSED);
    Request *rq = feed_request(&w, TENANT_ID, NULL);
    rq->token_user = S("u2");
    api_feed_list(rq);
    assert_answer(401, REFUSED);
    rq = feed_request(&w, TENANT_ID, NULL);
    rq->token_user = S("u1");
    api_feed_list(rq);
    come_back(ST_OK);
    assert_int_equal(seen.status, 200);
    rq = feed_request(&w, OTHER_ID, NULL);
    rq->params[2] = S(OTHER_ID);
    api_feed_read(rq);
    assert_answer(401, REFUSED);
    world_done(&w);
}

TEST(feed_marks_read_without_body_or_media_type)
{
    static const struct {
        Status st;
        int status;
        const char *answer;
    } cases[] = {
        {ST_OK, 200, "{\"success\":true}"},
        {ST_NOT_FOUND, 404,
         "{\"success\":false,\"statusCode\":404,\"error\":\"Not Found\","
         "\"message\":\"Notification not found or access denied.\"}"},
        {ST_FULL, 500, "ST_FULL"},
    };
    World w;
    world_init(&w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Request *rq = feed_request(&w, TENANT_ID, NULL);
        rq->params[2] = S(OTHER_ID);
        api_feed_read(rq);
        assert_int_equal(seen.kind, STORE_MARK_READ);
        assert_str(seen.errand->mark_read.user_id, "u1");
        assert_memory_equal(&seen.errand->mark_read.notification_id, &w.tenants[1].id,
                            sizeof(Uuid));
        come_back(cases[i].st);
        assert_answer(cases[i].status, cases[i].answer);
    }
    Request *rq = feed_request(&w, TENANT_ID, NULL);
    rq->params[2] = S("notif-uuid-1");
    api_feed_read(rq);
    assert_answer(404, cases[1].answer);
    world_done(&w);
}

TEST(health_is_ok)
{
    World w;
    world_init(&w);
    ops_health(request(&w, ""));
    assert_answer(200, "{\"status\":\"ok\"}");
    world_done(&w);
}

TEST_MAIN()
