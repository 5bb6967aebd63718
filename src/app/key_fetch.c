/* One Source for every key of kind jwks in the snapshot, found by the key's id:
 *
 *   waiting --due--> fetching --answer--> saving (a job on the writer) --home--> waiting
 *                        '--same as before, or failing as before---------------------^
 *
 * A source whose key is deleted is freed at once when it waits, else when it comes home. While a job is
 * out it counts as an errand, so its loop does not end before it is home. */
#include "app/key_fetch.h"

#include "app/app.h"
#include "app/errand.h"
#include "app/wire.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/tenant/verification.h"

enum { FETCHES_AT_ONCE = 8, FETCH_TIMEOUT_MS = 15000, RETRY_MS = 60000 };

typedef enum Told { TOLD_NOTHING, TOLD_GOOD, TOLD_FAILED } Told; /* by this process, in the store */

typedef struct Source {
    KeyFetch *owner;
    Uuid key;
    uint32_t tenant_no;
    char *url;
    Sha256 hash;      /* of the document in use */
    uint64_t due_ms;  /* monotonic */
    uint64_t last_ms; /* when the last fetch began; 0: never */
    uint32_t round;   /* of the look that saw it last */
    bool busy, gone;
    Told told;
    HttpCall call;
    /* the job */
    StoreJob job;
    Mail mail;
    int64_t now_ms;
    bool good, changed;
    StagedTenant staged;
} Source;

struct KeyFetch {
    Lane *lane;
    HttpClient *client;
    Map sources; /* by key */
    Timer timer;
    uint32_t running, round;
};

static void tick(Timer *timer);

static Str source_key(const void *value)
{
    const Source *s = value;
    return str_make(s->key.at, sizeof s->key.at);
}

static void free_source(Source *s)
{
    http_call_done(&s->call);
    mem_free(s->url);
    mem_free(s);
}

/* ---- when ---- */

static void arm(KeyFetch *f)
{
    uint64_t now = f->lane->loop->mono_ms, due = UINT64_MAX;
    const Source *s;
    if (f->lane->drain_until_ms) return;
    for (uint32_t i = 0; (s = map_next(&f->sources, &i));)
        if (!s->busy && s->due_ms < due) due = s->due_ms;
    timer_cancel(&f->timer);
    if (due == UINT64_MAX || f->running >= FETCHES_AT_ONCE) return; /* who comes home arms again */
    loop_arm(f->lane->loop, &f->timer, due > now ? due - now : 0, tick);
}

static void settle(Source *s, uint64_t delay_ms)
{
    KeyFetch *f = s->owner;
    http_call_done(&s->call);
    s->busy = false;
    s->due_ms = f->lane->loop->mono_ms + delay_ms;
    f->running--;
    if (s->gone) {
        map_remove(&f->sources, source_key(s));
        free_source(s);
    }
    arm(f);
}

static uint64_t pause_ms(const Source *s)
{
    uint64_t refresh = (uint64_t)s->owner->lane->app->config->jwks_refresh * 1000;
    return !s->good && refresh > RETRY_MS ? RETRY_MS : refresh;
}

/* ---- saving ---- */

static Status run(StoreTx *tx, StoreJob *job, Err *err)
{
    Source *s = CONTAINER_OF(job, Source, job);
    if (!s->good) return verification_failed(tx, s->tenant_no, s->key, err_view(&s->call.err), err);
    Str document = s->changed ? buf_view(&s->call.ret_body) : (Str){NULL, 0};
    Status st = verification_fetched(tx, s->tenant_no, s->key, document, s->now_ms, err);
    if (st != ST_OK || !s->changed) return st;
    return registry_stage(s->owner->lane->app->registry, tx, s->tenant_no, &s->staged, err);
}

static void saved(StoreCall *call) /* on the writer */
{
    Source *s = CONTAINER_OF(CONTAINER_OF(call, StoreJob, call), Source, job);
    Lane *lane = s->owner->lane;
    if (call->st == ST_OK && s->good && s->changed) {
        snapshot_swap(lane->app, &s->staged, lane->loop, &s->mail);
        return;
    }
    if (s->changed) registry_unstage(&s->staged);
    mailbox_post(lane->loop, &s->mail);
}

static void come_home(Mail *mail, Loop *here)
{
    Source *s = CONTAINER_OF(mail, Source, mail);
    (void)here;
    s->owner->lane->errands_out--;
    if (s->job.call.st == ST_OK) {
        s->told = s->good ? TOLD_GOOD : TOLD_FAILED;
        if (s->changed) s->hash = hash_sha256(buf_view(&s->call.ret_body));
    }
    settle(s, s->job.call.st == ST_UNAVAILABLE ? RETRY_MS : pause_ms(s));
}

static void save(Source *s)
{
    s->now_ms = s->owner->lane->loop->now_ms;
    s->staged = (StagedTenant){0};
    s->mail.open = come_home;
    s->job = (StoreJob){.call = {.kind = STORE_WRITE_JOB, .done = saved}, .run = run};
    if (store_submit(s->owner->lane->app->store, &s->job.call) == ST_OK)
        s->owner->lane->errands_out++;
    else
        settle(s, RETRY_MS);
}

/* ---- fetching ---- */

static Status check_answer(HttpCall *call)
{
    Jwks set;
    if (call->st != ST_OK) return call->st;
    if (call->ret_status != 200)
        return err_set(&call->err, ST_UNAVAILABLE, "the server answered %d instead of 200",
                       call->ret_status);
    Status st = jwks_parse(buf_view(&call->ret_body), &set, &call->err);
    jwks_done(&set);
    return st;
}

static void tell(const Source *s)
{
    char id[UUID_TEXT_LEN];
    uuid_text(s->key, id);
    if (s->good && s->changed)
        LOG(LOG_INFO, "keys.fetched", log_str("key", str_make(id, sizeof id)));
    else if (!s->good && s->told != TOLD_FAILED)
        LOG(LOG_WARN, "keys.fetch_failed", log_str("key", str_make(id, sizeof id)),
            log_str("why", err_view(&s->call.err)));
}

static void on_answer(HttpCall *call)
{
    Source *s = call->ctx;
    s->good = check_answer(call) == ST_OK;
    s->changed = false;
    if (s->good) {
        Sha256 hash = hash_sha256(buf_view(&call->ret_body));
        s->changed = memcmp(hash.at, s->hash.at, sizeof hash.at) != 0;
    }
    tell(s);
    bool known = s->told == (s->good ? TOLD_GOOD : TOLD_FAILED);
    if (s->gone || s->owner->lane->drain_until_ms || (known && !s->changed))
        settle(s, pause_ms(s));
    else
        save(s);
}

static void fetch(Source *s)
{
    static const Str headers[] = {STR_INIT("Accept: application/json")};
    s->busy = true;
    s->last_ms = s->owner->lane->loop->mono_ms;
    s->owner->running++;
    s->call = (HttpCall){
        .method = S("GET"),
        .url = str_of(s->url),
        .headers = headers,
        .header_count = 1,
        .timeout_ms = FETCH_TIMEOUT_MS,
        .answer_max = JWKS_BYTES_MAX,
        .done = on_answer,
        .ctx = s,
    };
    http_start(s->owner->client, &s->call);
}

static void tick(Timer *timer)
{
    KeyFetch *f = CONTAINER_OF(timer, KeyFetch, timer);
    uint64_t now = f->lane->loop->mono_ms;
    Source *s;
    for (uint32_t i = 0; f->running < FETCHES_AT_ONCE && (s = map_next(&f->sources, &i));)
        if (!s->busy && s->due_ms <= now) fetch(s);
    arm(f);
}

/* ---- which ---- */

static void see(KeyFetch *f, const Tenant *t, const VerificationKey *key)
{
    Source *s = map_get(&f->sources, str_make(key->id.at, sizeof key->id.at));
    if (!s) {
        s = mem_new(Source);
        *s = (Source){.owner = f, .key = key->id, .tenant_no = t->no, .hash = key->jwks_hash};
        s->url = str_dup_z(key->jwks_url);
        s->due_ms = f->lane->loop->mono_ms;
        CHECK(map_put(&f->sources, s) == ST_OK); /* the ceiling is that of all tenants' keys */
    }
    s->round = f->round;
    s->gone = false; /* a suspended tenant's may come back while one is away */
}

static Source *find_unseen(KeyFetch *f)
{
    Source *s;
    for (uint32_t i = 0; (s = map_next(&f->sources, &i));)
        if (s->round != f->round) return s;
    return NULL;
}

void key_fetch_look(KeyFetch *f)
{
    if (!f || f->lane->drain_until_ms) return;
    const Snapshot *snapshot = f->lane->snapshot;
    f->round++;
    for (uint32_t i = 0; i < snapshot->count; i++) {
        const Tenant *t = snapshot->tenants[i];
        for (uint32_t k = 0; t->active && k < t->verification_count; k++)
            if (t->verification[k].kind == KEY_JWKS) see(f, t, &t->verification[k]);
    }
    for (Source *s; (s = find_unseen(f));) {
        s->round = f->round;
        s->gone = s->busy; /* then it goes when it is home */
        if (s->busy) continue;
        map_remove(&f->sources, source_key(s));
        free_source(s);
    }
    arm(f);
}

/* ---- asked for ---- */

typedef struct Want {
    Mail mail;
    uint32_t tenant_no;
} Want;

static void on_want(Mail *mail, Loop *here)
{
    Want *want = CONTAINER_OF(mail, Want, mail);
    const Lane *lane = here->lane;
    KeyFetch *f = lane->app->key_fetch;
    uint64_t wait_ms = (uint64_t)lane->app->config->jwks_min_interval * 1000;
    Source *s;
    for (uint32_t i = 0; f && (s = map_next(&f->sources, &i));)
        if (s->tenant_no == want->tenant_no && s->due_ms > s->last_ms + wait_ms)
            s->due_ms = s->last_ms + wait_ms;
    mem_free(want);
    if (f) arm(f);
}

void key_fetch_want(App *app, uint32_t tenant_no)
{
    Want *want = mem_new(Want);
    *want = (Want){.mail.open = on_want, .tenant_no = tenant_no};
    mailbox_post(app->lanes[0].loop, &want->mail);
}

/* ---- life ---- */

void key_fetch_start(Lane *lane)
{
    KeyFetch *f = mem_new(KeyFetch);
    f->lane = lane;
    f->client = wire_http(lane->loop, &lane->app->outbound, lane->app->config->outbound_ca);
    map_init(&f->sources, TENANTS_MAX * VERIFICATION_KEYS_MAX, source_key);
    lane->app->key_fetch = f;
    key_fetch_look(f);
}

void key_fetch_free(KeyFetch *f)
{
    Source *s;
    if (!f) return;
    http_client_free(f->client);
    for (uint32_t i = 0; (s = map_next(&f->sources, &i));) free_source(s);
    map_done(&f->sources);
    mem_free(f);
}
