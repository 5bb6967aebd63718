/* One job on the store's writer reads (and on a first start writes) all that a server needs in mind. */
#include "app/bootstrap.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "app/admin/login_gate.h"
#include "app/admin/operator.h"
#include "app/admin/session_store.h"
#include "app/demo.h"
#include "app/secrets.h"
#include "app/wire.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "domain/schedule/schedule_store.h"
#include "domain/tenant/tenant_store.h"
#include "domain/tenant/usage.h"
#include "domain/tenant/vault.h"

typedef struct FirstJob {
    StoreJob job;
    App *app;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
} FirstJob;

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A lost key must not be noticed when the first secret is needed, and a new one must not be mixed with
 * what the old one sealed: one stored secret is tried before anything starts. */
static Status check_master_key(StoreTx *tx, const Secrets *secrets, Err *err)
{
    Arena arena;
    TenantRows first;
    Str opened;
    arena_init(&arena, MIB(1));
    Status st = tenant_read_after(tx, 0, 1, &arena, &first, err);
    if (st == ST_OK && first.count > 0 &&
        vault_open(secrets->master, first.at[0].id, SECRET_API_KEY, first.at[0].key_sealed, &arena,
                   &opened, NULL) != ST_OK)
        st = err_set(err, ST_INVALID,
                     "the master key in %.*s did not seal the secrets of this database; put the "
                     "right key there (or name it with master_key_file)",
                     STR_FMT(secrets->master_path));
    arena_done(&arena);
    return st;
}

static Status count_scheduled(StoreTx *tx, Err *err)
{
    int64_t waiting = 0;
    Status st = schedule_count(tx, &waiting, err);
    metric_add(METRIC_SCHEDULED_WAITING, waiting);
    return st;
}

static Status load_all(StoreTx *tx, StoreJob *job, Err *err)
{
    App *app = CONTAINER_OF(job, FirstJob, job)->app;
    int64_t now_ms = wall_ms();
    Status st = check_master_key(tx, app->secrets, err);
    if (st == ST_OK)
        st = operator_load(tx, app->config->operator_password, now_ms, &app->operator_, err);
    if (st == ST_OK) st = sessions_load(tx, app->sessions, now_ms, err);
    if (st == ST_OK && app->config->demo) st = demo_load(tx, app, now_ms, err);
    if (st == ST_OK) st = usage_restore(tx, app->limiter, now_ms, err);
    if (st == ST_OK) st = count_scheduled(tx, err);
    return st == ST_OK ? registry_load(tx, app->secrets->master, &app->registry, err) : st;
}

static void loaded(StoreCall *call)
{
    FirstJob *first = CONTAINER_OF(call, FirstJob, job.call);
    pthread_mutex_lock(&first->lock);
    first->done = true;
    pthread_cond_signal(&first->changed);
    pthread_mutex_unlock(&first->lock);
}

static Status run_first_job(App *app, Err *err)
{
    FirstJob first = {.app = app,
                      .job = {.call = {.kind = STORE_WRITE_JOB, .done = loaded}, .run = load_all},
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .changed = PTHREAD_COND_INITIALIZER};
    Status st = store_submit(app->store, &first.job.call);
    if (st != ST_OK) return err_set(err, st, "the store takes no calls");
    pthread_mutex_lock(&first.lock);
    while (!first.done) pthread_cond_wait(&first.changed, &first.lock);
    pthread_mutex_unlock(&first.lock);
    *err = first.job.call.err;
    return first.job.call.st;
}

static void log_left_out(const App *app)
{
    const LeftOut *left = registry_left_out(app->registry);
    for (uint32_t i = 0; i < left->total && i < LEFT_OUT_MAX; i++) {
        char id[UUID_TEXT_LEN];
        uuid_text(left->first[i].id, id);
        LOG(LOG_WARN, "template.left_out", log_str("template", str_make(id, sizeof id)),
            log_str("why", err_view(&left->first[i].why)));
    }
}

Status bootstrap(App *app, Err *err)
{
    app->secrets = mem_new(Secrets);
    app->sessions = sessions_new();
    app->logins = login_gate_new();
    app->limiter = wire_limiter(app->config);
    app->provider_kinds = wire_provider_kinds();
    Status st = secrets_load(app->config, app->secrets, err);
    if (st == ST_OK) st = run_first_job(app, err);
    if (st != ST_OK) return st;
    log_left_out(app);
    if (app->secrets->master_made)
        LOG(LOG_WARN, "master_key.made", log_str("file", app->secrets->master_path),
            log_str("advice",
                    S("keep a copy elsewhere: without it stored secrets cannot be read")));
    return ST_OK;
}

/* "0.0.0.0:8000" is where we listen, not where a browser goes. */
static Str browser_address(Str listen)
{
    ptrdiff_t colon = str_find_last(listen, ':');
    bool any = colon <= 0 || str_starts(listen, S("0.0.0.0:")) || str_starts(listen, S("[::]:"));
    return any && colon >= 0 ? str_from(listen, (size_t)colon) : listen;
}

void bootstrap_announce(App *app)
{
    Str at = browser_address(app->config->listen);
    char host[24]; /* with the scheme before it */
    snprintf(host, sizeof host, "%s%s", app->tls ? "https://" : "http://",
             at.len && at.at[0] == ':' ? "localhost" : "");
    Str password = operator_generated(app->operator_);
    if (password.len)
        printf("\n  Console   %s%.*s/\n  Sign in   operator / %.*s   (shown only this once)\n",
               host, STR_FMT(at), STR_FMT(password));
    if (app->config->demo) demo_announce(app, host, at);
    fflush(stdout);
    operator_start(app->operator_, app);
}

void bootstrap_undo(App *app)
{
    operator_free(app->operator_);
    demo_free(app);
    if (app->registry) registry_free(app->registry);
    if (app->sessions) sessions_free(app->sessions);
    if (app->logins) login_gate_free(app->logins);
    limiter_free(app->limiter);
    if (app->secrets) secrets_done(app->secrets);
    mem_free(app->secrets);
}
