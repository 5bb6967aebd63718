/* Between a dialect's session and a Conn stands only the frame decoder: messages go to the session as views
 * of the loop's read buffer, frames leave through the session's Writer.
 *
 * Closing: our close frame goes out behind what is queued, then the peer has WS_CLOSE_TIMEOUT_MS to answer
 * with its own, and the server closes the TCP connection (RFC 6455 7.1.1). After a protocol error what
 * still arrives is read and dropped: closing over unread bytes would reset the connection, and the peer
 * might never see the close code. */
#include "app/ws/socket.h"

#include "app/app.h"
#include "app/http/cors.h"
#include "app/http/server.h"
#include "base/limits.h"
#include "base/mem.h"
#include "proto/ws_deflate.h"
#include "proto/ws_handshake.h"

/* ---- ending ---- */

/* The last step: the session lets go of all it holds now, the memory goes at the end of the turn. */
static void end(Socket *s)
{
    timer_cancel(&s->timer);
    s->dialect->done(socket_session(s));
    conn_close(s->conn);
}

void socket_cut(Socket *s)
{
    if (!s->conn->_closing) end(s);
}

static void on_closed(Conn *c)
{
    Socket *s = c->owner;
    list_unlink(&s->node);
    metric_add_by(METRIC_CONNECTIONS, s->dialect->metric, METRIC_NONE_ALL, -1);
    ws_decoder_done(&s->decoder);
    mem_free(s);
}

static void on_close_timeout(Timer *timer)
{
    end(CONTAINER_OF(timer, Socket, timer));
}

void socket_close(Writer *session, uint16_t code, Str reason)
{
    Socket *s = socket_of(session);
    uint8_t frame[2 + WS_CONTROL_MAX];
    if (s->close_sent) return;
    s->close_sent = true;
    size_t len = ws_close_frame(frame, code, reason);
    bool all_out = writer_finish(session, str_make(frame, len));
    loop_arm(s->conn->loop, &s->timer, WS_CLOSE_TIMEOUT_MS, on_close_timeout);
    conn_set_reading(s->conn, true); /* for the peer's close frame */
    if (all_out && s->hang_up) conn_shutdown(s->conn);
}

/* ---- the session's side ---- */

ssize_t socket_write(Writer *session, const struct iovec *parts, int count)
{
    ssize_t taken = conn_write(socket_of(session)->conn, parts, count);
    metric_add(METRIC_SOCKET_WRITES, 1);
    if (taken > 0) metric_add(METRIC_SOCKET_BYTES, taken);
    return taken;
}

void socket_want_writable(Writer *session, bool wanted)
{
    conn_want_write(socket_of(session)->conn, wanted);
}

void socket_slow(Writer *session)
{
    Socket *s = socket_of(session);
    if (s->close_sent) return;
    metric_add(METRIC_SLOW_CLOSES, 1);
    writer_abandon(session);
    s->dialect->end(session, SOCKET_SLOW);
}

void socket_finished(Writer *session)
{
    Socket *s = socket_of(session);
    if (s->hang_up) conn_shutdown(s->conn);
}

static void on_session_time(Timer *timer)
{
    Socket *s = CONTAINER_OF(timer, Socket, timer);
    s->dialect->on_time(socket_session(s));
}

void socket_arm(Writer *session, int64_t at_ms)
{
    Socket *s = socket_of(session);
    Loop *l = s->conn->loop;
    if (s->close_sent) return;
    loop_arm(l, &s->timer, at_ms > l->now_ms ? (uint64_t)(at_ms - l->now_ms) : 0, on_session_time);
}

void socket_set_reading(Writer *session, bool wanted)
{
    Socket *s = socket_of(session);
    if (!s->close_sent) conn_set_reading(s->conn, wanted);
}

/* ---- the peer's side ---- */

/* The transport's own reason to close. */
static void close_here(Socket *s, uint16_t code, Str reason)
{
    s->dialect->gone(socket_session(s));
    s->hang_up = true;
    socket_close(socket_session(s), code, reason);
}

static void on_ping(Socket *s, Str payload)
{
    uint8_t frame[2 + WS_CONTROL_MAX];
    uint32_t second = (uint32_t)(s->conn->loop->mono_ms / 1000);
    if (s->ping_second != second) s->pings = 0;
    s->ping_second = second;
    if (++s->pings > WS_PINGS_PER_SECOND_MAX) {
        close_here(s, 1008, S("too many pings"));
        return;
    }
    size_t head = ws_header(frame, WS_OP_PONG, payload.len);
    if (payload.len) memcpy(frame + head, payload.at, payload.len);
    writer_send(socket_session(s), str_make(frame, head + payload.len));
}

static void on_control(Socket *s)
{
    if (s->dialect->on_control) s->dialect->on_control(socket_session(s));
}

static void on_peer_close(Socket *s, uint16_t code)
{
    if (s->close_sent) /* both frames are exchanged */
        end(s);
    else
        close_here(s, code == 1005 ? 1000 : code, S(""));
}

static void on_event(Socket *s, WsEvent event, const WsOut *out)
{
    switch (event) {
    case WS_MORE:
        return;
    case WS_PONG:
        if (!s->close_sent) on_control(s);
        return;
    case WS_TEXT:
    case WS_BINARY:
        if (!s->close_sent)
            s->dialect->on_message(socket_session(s), event == WS_TEXT, out->payload);
        return;
    case WS_PING:
        if (s->close_sent) return;
        on_control(s);
        on_ping(s, out->payload);
        return;
    case WS_CLOSE:
        on_peer_close(s, out->close_code);
        return;
    case WS_FAILED:
        close_here(s, out->close_code, str_of(out->reason));
        return;
    }
    CHECK(false);
}

static void on_read(Conn *c, uint8_t *at, size_t len)
{
    Socket *s = c->owner;
    WsEvent event = WS_PONG;
    while (event != WS_MORE && !s->hang_up && !c->_closing) {
        WsOut out;
        size_t used = 0;
        event = ws_decode(&s->decoder, at, len, &used, &out);
        at += used;
        len -= used;
        on_event(s, event, &out);
    }
}

static void on_writable(Conn *c)
{
    writer_on_writable(socket_session(c->owner));
}

static void on_eof(Conn *c)
{
    end(c->owner);
}

static const ConnEvents conn_events = {on_read, on_writable, on_eof, on_closed};

/* ---- the upgrade ---- */

/* False: the request was refused, and answered. */
static bool admit(Request *rq, char accept[WS_ACCEPT_LEN])
{
    Err err = {""};
    if (!rq->head->upgrade_websocket) {
        respond_header(rq, S("Upgrade"), S("websocket"));
        respond_error(rq, 426, S("This is a WebSocket endpoint; connect with a WebSocket client"));
        return false;
    }
    Status st = ws_handshake_check(rq->head, accept, &err);
    if (st != ST_OK) {
        if (st == ST_CONFLICT) { /* 426 names what to upgrade to (RFC 9110 15.5.22) */
            respond_header(rq, S("Upgrade"), S("websocket"));
            respond_header(rq, S("Sec-WebSocket-Version"), S("13"));
        }
        respond_error(rq, st == ST_CONFLICT ? 426 : 400, err_view(&err));
        return false;
    }
    if (!request_origin_is_allowed(rq)) {
        respond_error(rq, 403, S("This origin may not connect; add it to allowed_origins"));
        return false;
    }
    return true;
}

/* 101; the connection is ours. */
static Conn *switch_protocols(Request *rq, const char accept[WS_ACCEPT_LEN], Str protocol,
                              Str extension)
{
    bool echo = protocol.len && ws_protocol_offered(rq->head, protocol);
    Str answer = arena_format(
        &rq->arena,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %.*s\r\n%s%s%s%s%s%s\r\n",
        WS_ACCEPT_LEN, accept, echo ? "Sec-WebSocket-Protocol: " : "", echo ? protocol.at : "",
        echo ? "\r\n" : "", extension.len ? "Sec-WebSocket-Extensions: " : "", extension.at,
        extension.len ? "\r\n" : "");
    Conn *c = http_take_over(rq, 101);
    struct iovec part = {(void *)(uintptr_t)answer.at, answer.len};
    (void)!conn_write(c, &part,
                      1); /* the first bytes on a fresh socket always fit; broken: on_eof */
    return c;
}

Socket *socket_open(Request *rq, List *sockets, const SocketDialect *dialect, Str protocol)
{
    char accept[WS_ACCEPT_LEN];
    if (!admit(rq, accept)) return NULL;
    bool may_deflate = dialect->may_deflate && rq->lane->app->config->ws_compression;
    Str extension = may_deflate ? ws_deflate_answer(rq->head) : S("");
    Socket *s = mem_zero(sizeof(Socket) + dialect->session_bytes);
    s->dialect = dialect;
    s->conn = switch_protocols(rq, accept, protocol, extension);
    s->conn->owner = s;
    s->conn->events = &conn_events;
    ws_decoder_init(&s->decoder);
    s->deflates = extension.len > 0;
    if (s->deflates) ws_decoder_inflate(&s->decoder);
    list_push_back(sockets, &s->node);
    metric_add_by(METRIC_CONNECTIONS, dialect->metric, METRIC_NONE_ALL, 1);
    return s;
}
