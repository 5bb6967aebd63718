/* One list of sockets whatever they speak; whoever walks it does so in slices, and a socket that is closing
 * already is left alone. */
#include "app/ws/endpoint.h"

#include "app/app.h"
#include "app/ws/ask.h"
#include "base/limits.h"
#include "base/mem.h"

enum { REPLIES_MAX = MIB(2), DRAIN_SLICE = 256 };

struct WsServer {
    Lane *lane;
    Realtime realtime;
    List sockets;
    Backlog backlog;
    Timer sweep;  /* ends readers that must go */
    Task pump;    /* delivers publications */
    Task drain;   /* ends connections at shutdown */
    Task recheck; /* ends those of tenants that are suspended or gone */
    bool draining;
};

Socket *ws_server_open(Request *rq, const SocketDialect *dialect, Str protocol)
{
    WsServer *s = rq->lane->ws;
    if (!s->draining) return socket_open(rq, &s->sockets, dialect, protocol);
    respond_header(rq, S("Retry-After"), S("1"));
    respond_error(rq, 503, S("This server is shutting down"));
    return NULL;
}

const Tenant *ws_hinted_tenant(Request *rq)
{
    Str name;
    if (!request_query(rq, S("tenant"), &name)) return NULL;
    const Tenant *t = snapshot_by_id(rq->snapshot, name);
    if (!t) t = snapshot_by_slug(rq->snapshot, name);
    return t ? tenant_ref(t) : NULL;
}

static void wake_pump(void *ctx)
{
    WsServer *s = ctx;
    loop_defer(s->lane->loop, &s->pump);
}

static void on_sweep(Timer *timer)
{
    WsServer *s = CONTAINER_OF(timer, WsServer, sweep);
    int64_t rest_ms = backlog_sweep(&s->backlog);
    if (rest_ms >= 0) loop_arm(s->lane->loop, timer, (uint64_t)rest_ms, on_sweep);
}

static void wake_sweep(void *ctx)
{
    WsServer *s = ctx;
    loop_arm(s->lane->loop, &s->sweep, 0, on_sweep);
}

static TaskResult run_pump(Task *task)
{
    WsServer *s = CONTAINER_OF(task, WsServer, pump);
    backlog_look(&s->backlog); /* what was published is in the memory now */
    return hub_pump(s->realtime.hub, FANOUT_SLICE) ? TASK_AGAIN : TASK_DONE;
}

WsServer *ws_server_new(Lane *lane)
{
    const Config *config = lane->app->config;
    WsServer *s = mem_new(WsServer);
    s->lane = lane;
    list_init(&s->sockets);
    s->pump.run = run_pump;
    backlog_init(&s->backlog, &lane->loop->mono_ms, wake_sweep, s);
    s->realtime = (Realtime){
        .hub = hub_new(wake_pump, s),
        .allows_delta = config->realtime_delta,
        .backlog = &s->backlog,
        .calls = &ask_ops,
        .people_listeners = &lane->app->people_listeners,
        .token_key = lane->token_key,
        .snapshot = &lane->snapshot,
        .now_ms = &lane->loop->now_ms,
        .crowd = lane->app->crowd,
        .random = &lane->loop->random,
        .want_keys = lane->want_keys,
        .want_ctx = lane->app,
        .settings = {config->ping_interval * 1000, config->pong_timeout * 1000,
                     config->connect_timeout * 1000, config->expired_close_delay * 1000},
        .workspace_idle_ms = config->workspace_idle_timeout * 1000,
    };
    buf_init(&s->realtime.replies, REPLIES_MAX);
    return s;
}

void ws_server_free(WsServer *s)
{
    CHECK(list_is_empty(&s->sockets));
    hub_free(s->realtime.hub);
    buf_done(&s->realtime.replies);
    mem_free(s);
}

static bool is_shut_out(const WsServer *s, Socket *socket)
{
    const Tenant *tenant = socket->dialect->tenant(socket_session(socket));
    if (!tenant) return false;
    const Tenant *now = snapshot_by_id(s->lane->snapshot, tenant->id_text);
    return !now || !now->active;
}

/* Ends a slice of those that are still open: all of them, or only those of tenants that are shut out. */
static TaskResult end_some(WsServer *s, SocketEnding why)
{
    int ended = 0;
    for (ListNode *n = list_first(&s->sockets); n && ended < DRAIN_SLICE;
         n = list_next(&s->sockets, n)) {
        Socket *socket = CONTAINER_OF(n, Socket, node);
        if (socket->close_sent) continue;
        if (why == SOCKET_SHUT_OUT && !is_shut_out(s, socket)) continue;
        socket->dialect->end(socket_session(socket), why);
        ended++;
    }
    return ended == DRAIN_SLICE ? TASK_AGAIN : TASK_DONE;
}

static TaskResult run_drain(Task *task)
{
    return end_some(CONTAINER_OF(task, WsServer, drain), SOCKET_SHUTDOWN);
}

void ws_server_drain(WsServer *s)
{
    s->draining = true;
    s->drain.run = run_drain;
    loop_defer(s->lane->loop, &s->drain);
}

static TaskResult run_recheck(Task *task)
{
    return end_some(CONTAINER_OF(task, WsServer, recheck), SOCKET_SHUT_OUT);
}

void ws_server_recheck(WsServer *s)
{
    s->recheck.run = run_recheck;
    loop_defer(s->lane->loop, &s->recheck);
}

bool ws_server_is_empty(const WsServer *s)
{
    return list_is_empty(&s->sockets);
}

void ws_server_close_all(WsServer *s)
{
    for (ListNode *n = list_first(&s->sockets); n; n = list_next(&s->sockets, n))
        socket_cut(CONTAINER_OF(n, Socket, node));
}

Realtime *ws_server_realtime(WsServer *s)
{
    return &s->realtime;
}

Lane *ws_lane(Realtime *realtime)
{
    return CONTAINER_OF(realtime, WsServer, realtime)->lane;
}

void ws_server_each(WsServer *s, void (*see)(void *ctx, Client *c), void *ctx)
{
    for (ListNode *n = list_first(&s->sockets); n; n = list_next(&s->sockets, n)) {
        Client *c = centrifuge_client(CONTAINER_OF(n, Socket, node));
        if (c) see(ctx, c);
    }
}
