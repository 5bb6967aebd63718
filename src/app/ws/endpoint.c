/* A WsConn is a dialect client on a Conn. Between the two stands only the frame decoder: messages go to
 * the client as views of the loop's read buffer, frames leave through the client's Writer.
 *
 * Closing: our close frame goes out behind what is queued, then the peer has WS_CLOSE_TIMEOUT_MS to answer
 * with its own, and the server closes the TCP connection (RFC 6455 7.1.1). After a protocol error what
 * still arrives is read and dropped: closing over unread bytes would reset the connection, and the peer
 * might never see the close code. */
#include "app/ws/endpoint.h"

#include "app/app.h"
#include "app/http/cors.h"
#include "app/http/router.h"
#include "app/http/server.h"
#include "app/ws/ask.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/metric.h"
#include "net/conn.h"
#include "proto/ws_frame.h"
#include "proto/ws_handshake.h"

enum { REPLIES_MAX = MIB(1), DRAIN_SLICE = 256 };

struct WsServer {
    Lane *lane;
    Realtime realtime;
    List conns;
    Task pump;    /* delivers publications */
    Task drain;   /* ends connections at shutdown */
    Task recheck; /* ends those of tenants that are suspended or gone */
    bool draining;
};

typedef struct WsConn {
    Client client; /* first */
    Conn *conn;
    WsDecoder decoder;
    Timer timer;
    ListNode node;        /* in server->conns */
    uint32_t ping_second; /* when the pings below were counted */
    uint16_t pings;
    bool close_sent;
    bool hang_up; /* nothing more is read: once all is written our side shuts, then the peer's */
} WsConn;

/* ---- ending ---- */

/* The last step: leaves every channel now, frees at the end of the turn. */
static void end(WsConn *ws)
{
    timer_cancel(&ws->timer);
    client_done(&ws->client);
    conn_close(ws->conn);
}

static void on_closed(Conn *c)
{
    WsConn *ws = c->owner;
    list_unlink(&ws->node);
    metric_add_by(METRIC_CONNECTIONS, METRIC_DIALECT_CENTRIFUGE, METRIC_NONE_ALL, -1);
    ws_decoder_done(&ws->decoder);
    mem_free(ws);
}

static void on_close_timeout(Timer *timer)
{
    end(CONTAINER_OF(timer, WsConn, timer));
}

static void send_close(WsConn *ws, uint16_t code, Str reason)
{
    uint8_t frame[2 + WS_CONTROL_MAX];
    if (ws->close_sent) return;
    ws->close_sent = true;
    if (code == CF_CLOSE_SLOW) {
        metric_add(METRIC_SLOW_CLOSES, 1);
        writer_abandon(&ws->client.writer);
    }
    size_t len = ws_close_frame(frame, code, reason);
    bool all_out = writer_finish(&ws->client.writer, str_make(frame, len));
    loop_arm(ws->conn->loop, &ws->timer, WS_CLOSE_TIMEOUT_MS, on_close_timeout);
    if (all_out && ws->hang_up) conn_shutdown(ws->conn);
}

/* ---- the client's side ---- */

static WsConn *of_writer(Writer *w)
{
    return (WsConn *)(void *)w; /* writer is first in client, client first in WsConn */
}

static ssize_t op_write(Writer *w, const struct iovec *parts, int count)
{
    ssize_t taken = conn_write(of_writer(w)->conn, parts, count);
    metric_add(METRIC_SOCKET_WRITES, 1);
    if (taken > 0) metric_add(METRIC_SOCKET_BYTES, taken);
    return taken;
}

static void op_want_writable(Writer *w, bool wanted)
{
    conn_want_write(of_writer(w)->conn, wanted);
}

static void op_slow(Writer *w)
{
    client_close(&of_writer(w)->client, CF_CLOSE_SLOW);
}

static void op_finished(Writer *w)
{
    WsConn *ws = of_writer(w);
    if (ws->hang_up) conn_shutdown(ws->conn);
}

static void on_client_time(Timer *timer)
{
    client_on_time(&CONTAINER_OF(timer, WsConn, timer)->client);
}

static void op_arm(Client *c, int64_t at_ms)
{
    WsConn *ws = (WsConn *)(void *)c;
    Loop *l = ws->conn->loop;
    if (ws->close_sent) return;
    loop_arm(l, &ws->timer, at_ms > l->now_ms ? (uint64_t)(at_ms - l->now_ms) : 0, on_client_time);
}

static void op_close(Client *c, uint16_t code, Str reason)
{
    send_close((WsConn *)(void *)c, code, reason);
}

static const ClientOps client_ops = {
    {op_write, op_want_writable, op_slow, op_finished}, op_arm, op_close};

/* ---- the peer's side ---- */

static void fail(WsConn *ws, uint16_t code, const char *reason)
{
    ws->client.state = CLIENT_CLOSED; /* nothing more is read from it */
    ws->hang_up = true;
    send_close(ws, code, str_of(reason));
}

static void on_ping(WsConn *ws, Str payload)
{
    uint8_t frame[2 + WS_CONTROL_MAX];
    uint32_t second = (uint32_t)(ws->conn->loop->mono_ms / 1000);
    if (ws->ping_second != second) ws->pings = 0;
    ws->ping_second = second;
    if (++ws->pings > WS_PINGS_PER_SECOND_MAX) {
        fail(ws, 1008, "too many pings");
        return;
    }
    size_t head = ws_header(frame, WS_OP_PONG, payload.len);
    if (payload.len) memcpy(frame + head, payload.at, payload.len);
    writer_send(&ws->client.writer, str_make(frame, head + payload.len));
}

static void on_peer_close(WsConn *ws, uint16_t code)
{
    if (ws->close_sent) { /* both frames are exchanged */
        end(ws);
        return;
    }
    ws->client.state = CLIENT_CLOSED;
    ws->hang_up = true;
    send_close(ws, code == 1005 ? 1000 : code, S(""));
}

static void on_event(WsConn *ws, WsEvent event, const WsOut *out)
{
    switch (event) {
    case WS_MORE:
    case WS_PONG:
        return;
    case WS_TEXT:
    case WS_BINARY:
        client_on_message(&ws->client, out->payload);
        return;
    case WS_PING:
        if (!ws->close_sent) on_ping(ws, out->payload);
        return;
    case WS_CLOSE:
        on_peer_close(ws, out->close_code);
        return;
    case WS_FAILED:
        fail(ws, out->close_code, out->reason);
        return;
    }
    CHECK(false);
}

static void on_read(Conn *c, uint8_t *at, size_t len)
{
    WsConn *ws = c->owner;
    WsEvent event = WS_PONG;
    while (event != WS_MORE && !ws->hang_up && !c->_closing) {
        WsOut out;
        size_t used = 0;
        event = ws_decode(&ws->decoder, at, len, &used, &out);
        at += used;
        len -= used;
        on_event(ws, event, &out);
    }
}

static void on_writable(Conn *c)
{
    writer_on_writable(&((WsConn *)c->owner)->client.writer);
}

static void on_eof(Conn *c)
{
    end(c->owner);
}

static const ConnEvents conn_events = {on_read, on_writable, on_eof, on_closed};

/* ---- the upgrade ---- */

/* Answers 101 and gives the connection over; NULL when the request was refused (and answered). */
static Conn *upgrade(Request *rq)
{
    char accept[WS_ACCEPT_LEN];
    Err err = {""};
    if (!rq->head->upgrade_websocket) {
        respond_header(rq, S("Upgrade"), S("websocket"));
        respond_error(rq, 426, S("This is a WebSocket endpoint; connect with a WebSocket client"));
        return NULL;
    }
    Status st = ws_handshake_check(rq->head, accept, &err);
    if (st != ST_OK) {
        if (st == ST_CONFLICT) { /* 426 names what to upgrade to (RFC 9110 15.5.22) */
            respond_header(rq, S("Upgrade"), S("websocket"));
            respond_header(rq, S("Sec-WebSocket-Version"), S("13"));
        }
        respond_error(rq, st == ST_CONFLICT ? 426 : 400, err_view(&err));
        return NULL;
    }
    if (!request_origin_is_allowed(rq)) {
        respond_error(rq, 403, S("This origin may not connect; add it to allowed_origins"));
        return NULL;
    }
    Str protocol = S("centrifuge-json");
    Str answer = arena_format(
        &rq->arena,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %.*s\r\n%s%s%s\r\n",
        WS_ACCEPT_LEN, accept,
        ws_protocol_offered(rq->head, protocol) ? "Sec-WebSocket-Protocol: " : "",
        ws_protocol_offered(rq->head, protocol) ? protocol.at : "",
        ws_protocol_offered(rq->head, protocol) ? "\r\n" : "");
    Conn *c = http_take_over(rq);
    struct iovec part = {(void *)(uintptr_t)answer.at, answer.len};
    (void)!conn_write(c, &part,
                      1); /* the first bytes on a fresh socket always fit; broken: on_eof */
    return c;
}

void ws_centrifuge(Request *rq)
{
    WsServer *s = rq->lane->ws;
    if (s->draining) {
        respond_header(rq, S("Retry-After"), S("1"));
        respond_error(rq, 503, S("This server is shutting down"));
        return;
    }
    Conn *c = upgrade(rq);
    if (!c) return;
    WsConn *ws = mem_new(WsConn);
    ws->conn = c;
    c->owner = ws;
    c->events = &conn_events;
    ws_decoder_init(&ws->decoder);
    list_push_back(&s->conns, &ws->node);
    metric_add_by(METRIC_CONNECTIONS, METRIC_DIALECT_CENTRIFUGE, METRIC_NONE_ALL, 1);
    client_init(&ws->client, &s->realtime, &client_ops, WIRE_JSON_WS);
}

/* ---- the server ---- */

static void wake_pump(void *ctx)
{
    WsServer *s = ctx;
    loop_defer(s->lane->loop, &s->pump);
}

static TaskResult run_pump(Task *task)
{
    WsServer *s = CONTAINER_OF(task, WsServer, pump);
    return hub_pump(s->realtime.hub, FANOUT_SLICE) ? TASK_AGAIN : TASK_DONE;
}

WsServer *ws_server_new(Lane *lane)
{
    const Config *config = lane->app->config;
    WsServer *s = mem_new(WsServer);
    s->lane = lane;
    list_init(&s->conns);
    s->pump.run = run_pump;
    s->realtime = (Realtime){
        .hub = hub_new(wake_pump, s),
        .calls = &ask_ops,
        .token_key = lane->token_key,
        .snapshot = &lane->snapshot,
        .now_ms = &lane->loop->now_ms,
        .random = &lane->loop->random,
        .settings = {config->ping_interval * 1000, config->pong_timeout * 1000,
                     config->connect_timeout * 1000, config->expired_close_delay * 1000},
    };
    buf_init(&s->realtime.replies, REPLIES_MAX);
    return s;
}

void ws_server_free(WsServer *s)
{
    CHECK(list_is_empty(&s->conns));
    hub_free(s->realtime.hub);
    buf_done(&s->realtime.replies);
    mem_free(s);
}

static TaskResult run_drain(Task *task)
{
    WsServer *s = CONTAINER_OF(task, WsServer, drain);
    int ended = 0;
    for (ListNode *n = list_first(&s->conns); n && ended < DRAIN_SLICE;
         n = list_next(&s->conns, n)) {
        WsConn *ws = CONTAINER_OF(n, WsConn, node);
        if (ws->close_sent) continue;
        client_close(&ws->client, CF_CLOSE_SHUTDOWN);
        ended++;
    }
    return ended == DRAIN_SLICE ? TASK_AGAIN : TASK_DONE;
}

void ws_server_drain(WsServer *s)
{
    s->draining = true;
    s->drain.run = run_drain;
    loop_defer(s->lane->loop, &s->drain);
}

static bool is_shut_out(const WsServer *s, const WsConn *ws)
{
    if (!ws->client.tenant || ws->client.state == CLIENT_CLOSED) return false;
    const Tenant *now = snapshot_by_id(s->lane->snapshot, ws->client.tenant->id_text);
    return !now || !now->active;
}

static TaskResult run_recheck(Task *task)
{
    WsServer *s = CONTAINER_OF(task, WsServer, recheck);
    int ended = 0;
    for (ListNode *n = list_first(&s->conns); n && ended < DRAIN_SLICE;
         n = list_next(&s->conns, n)) {
        WsConn *ws = CONTAINER_OF(n, WsConn, node);
        if (!is_shut_out(s, ws)) continue;
        client_close(&ws->client, CF_CLOSE_FORCED);
        ended++;
    }
    return ended == DRAIN_SLICE ? TASK_AGAIN : TASK_DONE;
}

void ws_server_recheck(WsServer *s)
{
    s->recheck.run = run_recheck;
    loop_defer(s->lane->loop, &s->recheck);
}

bool ws_server_is_empty(const WsServer *s)
{
    return list_is_empty(&s->conns);
}

void ws_server_close_all(WsServer *s)
{
    for (ListNode *n = list_first(&s->conns); n; n = list_next(&s->conns, n)) {
        WsConn *ws = CONTAINER_OF(n, WsConn, node);
        if (!ws->conn->_closing) end(ws);
    }
}

Realtime *ws_server_realtime(WsServer *s)
{
    return &s->realtime;
}

Lane *ws_lane(Realtime *realtime)
{
    return CONTAINER_OF(realtime, WsServer, realtime)->lane;
}
