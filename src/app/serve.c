/* The life of a server, top to bottom. Every step that fails stops the start with a sentence and gives
 * back what the steps before took. */
#include "app/serve.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/app.h"
#include "app/bootstrap.h"
#include "app/certificate.h"
#include "app/courier/courier.h"
#include "app/recent_sweep.h"
#include "app/retention.h"
#include "app/scheduler.h"
#include "app/secrets.h"
#include "app/key_fetch.h"
#include "app/key_sweep.h"
#include "app/wire.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/realtime/backlog.h"
#include "domain/realtime/crowd.h"
#include "domain/realtime/recent.h"
#include "net/listen.h"
#include "proto/hmac.h"
#include "net/peers.h"
#include "net/rate.h"

/* A descriptor is a connection: take all we may have, keep some for files and for saying no. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t reserved = limit.rlim_cur > 4 * DESCRIPTORS_RESERVED ? DESCRIPTORS_RESERVED
                                                                : limit.rlim_cur / 4;
    conn_count_max((unsigned)(limit.rlim_cur - reserved));
}

static int lane_count_of(const Config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t wanted = config->workers > 0 ? config->workers : cores > 0 ? cores : 1;
    return wanted > LOOPS_MAX ? LOOPS_MAX : (int)wanted;
}

/* The setting was checked when it was read. */
static void open_outbound(App *app)
{
    const StrList *networks = &app->config->outbound_allow;
    for (uint32_t i = 0; i < networks->count; i++)
        CHECK(outbound_policy_add(&app->outbound, networks->at[i], NULL) == ST_OK);
}

static void make_lanes(App *app)
{
    open_outbound(app);
    app->lane_count = lane_count_of(app->config);
    app->crowd = crowd_new((uint32_t)app->config->connections_per_user);
    for (int i = 0; i < app->lane_count; i++) {
        Lane *lane = &app->lanes[i];
        lane->app = app;
        lane->loop = loop_new(i);
        lane->loop->lane = lane;
        lane->token_key = jwt_key_new(app->secrets->token_secret);
        lane->hmac = hmac_new();
        lane->snapshot = registry_snapshot(app->registry);
        buf_init(&lane->scratch, MIB(8));
    }
    uuid_text(uuid_v4(&app->lanes[0].loop->random), app->node);
    app->scheduler = scheduler_new(&app->lanes[0]);
    app->recent = recent_new();
}

static void start_lane(Loop *l)
{
    Lane *lane = l->lane;
    lane_start(lane);
    if (l->index != 0) return;
    key_sweep_start(lane);
    scheduler_start(lane->app->scheduler);
    key_fetch_start(lane);
    lane->app->recent_sweep = recent_sweep_start(lane);
}

/* Signals are taken here alone: every other thread is born with them blocked. Between them this thread
 * has nothing to do but to look after the certificate. */
static int wait_for_end(const App *app, const sigset_t *signals)
{
    const struct timespec pause = {.tv_sec = app->config->tls_reload_interval};
    for (;;) {
        int number = sigtimedwait(signals, NULL, &pause);
        if (number == SIGTERM || number == SIGINT) return number;
        certificate_look(app->tls, number == SIGHUP ? CERTIFICATE_NOW : CERTIFICATE_IF_CHANGED);
    }
}

static void run_lanes(App *app, const sigset_t *signals)
{
    LogNum lanes;
    app->started_mono_ms = app->lanes[0].loop->mono_ms;
    app->courier = courier_new(app);
    for (int i = 0; i < app->lane_count; i++) loop_start(app->lanes[i].loop, start_lane);
    LOG(LOG_INFO, "server.started", log_str("listen", app->config->listen),
        log_num("loops", app->lane_count, &lanes), log_str("version", S(ORQ_VERSION)));
    log_flush();
    bootstrap_announce(app);
    int number = wait_for_end(app, signals);
    atomic_store(&app->lanes_draining, app->lane_count);
    LOG(LOG_INFO, "server.draining",
        log_str("signal", number == SIGINT ? S("SIGINT") : S("SIGTERM")));
    log_flush();
    courier_drain(app->courier);
    for (int i = 0; i < app->lane_count; i++) lane_stop(&app->lanes[i]);
    for (int i = 0; i < app->lane_count; i++) loop_join(app->lanes[i].loop);
    courier_join(app->courier);
}

int serve(const Config *config)
{
    Err err = {""};
    sigset_t signals;
    LogLevel level;
    if (log_level_parse(config->log_level, &level)) log_set_level(level);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a failed write, not our end */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    raise_descriptor_limit();
    peers_limit((unsigned)config->connections_per_address);
    rate_limit((uint64_t)config->connection_rate);
    backlog_set_ceiling((uint64_t)config->slow_bytes_max * MIB(1));

    App *app = mem_new(App);
    app->config = config;
    Status st = certificate_open(config, &app->tls, &err);
    if (st == ST_OK) st = listen_check_free(config->listen, &err);
    if (st == ST_OK) st = wire_store(config, &app->store, &err);
    if (st == ST_OK) st = bootstrap(app, &err);
    if (st == ST_OK) {
        make_lanes(app);
        run_lanes(app, &signals);
    } else {
        fprintf(stderr, "orqestra serve: %s\n", err.text);
    }
    if (app->store) store_close(app->store);
    courier_free(app->courier);
    key_sweep_free(app->key_sweep);
    scheduler_free(app->scheduler);
    key_fetch_free(app->key_fetch);
    for (int i = 0; i < app->lane_count; i++) lane_free(&app->lanes[i]);
    crowd_free(app->crowd);
    recent_sweep_free(app->recent_sweep);
    recent_free(app->recent);
    retention_free(app->retention);
    bootstrap_undo(app);
    tls_free(app->tls);
    if (st == ST_OK) LOG(LOG_INFO, "server.stopped");
    log_flush();
    arena_thread_done();
    mem_free(app);
    return st == ST_OK ? 0 : 1;
}
