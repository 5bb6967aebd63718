/* A Stream is a centrifuge client (client.h) whose frames are the chunks of a response. Its connection reads
 * only to notice that the peer has hung up. */
#include "app/ws/stream.h"

#include "app/app.h"
#include "app/http/cors.h"
#include "app/http/router.h"
#include "app/http/server.h"
#include "app/ws/endpoint.h"
#include "base/map.h"
#include "base/mem.h"

enum { DRAIN_SLICE = 256, LAST_WORDS_MAX = KIB(1) };

struct Streams {
    Lane *lane;
    List streams;
    Map by_secret;
    Task drain;
    Task recheck;
    bool draining;
    char session_text[SESSION_TEXT_LEN]; /* of the connect reply that is being written */
};

typedef struct Stream {
    Client client; /* first */
    Streams *home;
    Conn *conn;
    Timer timer;
    ListNode node;
    Uuid secret;
    bool ended; /* the last chunk is written, or waits to be */
} Stream;

static Str secret_of(const void *stream)
{
    const Stream *s = stream;
    return str_make(s->secret.at, sizeof s->secret.at);
}

static Stream *of_client(Client *c)
{
    return (Stream *)(void *)c;
}

static Stream *of_writer(Writer *w)
{
    return (Stream *)(void *)w; /* it is first in the client, the client first in the stream */
}

/* ---- ending ---- */

static void end(Stream *s)
{
    if (s->conn->_closing) return;
    timer_cancel(&s->timer);
    map_remove(&s->home->by_secret, secret_of(s));
    client_done(&s->client);
    conn_close(s->conn);
}

static void on_closed(Conn *c)
{
    Stream *s = c->owner;
    list_unlink(&s->node);
    metric_add_by(METRIC_CONNECTIONS, METRIC_DIALECT_CENTRIFUGE, METRIC_NONE_ALL, -1);
    mem_free(s);
}

static void on_linger_over(Timer *timer)
{
    end(CONTAINER_OF(timer, Stream, timer));
}

/* There is no close code here: the last message carries it. */
static void op_close(Client *c, uint16_t code, Str reason)
{
    Stream *s = of_client(c);
    WireFormat format = (WireFormat)c->writer.format;
    Buf last;
    if (s->ended) return;
    s->ended = true;
    if (code == CF_CLOSE_SLOW) {
        metric_add(METRIC_SLOW_CLOSES, 1);
        writer_abandon(&c->writer);
    }
    buf_init(&last, LAST_WORDS_MAX);
    CfOut out = wire_begin(format, &last);
    wire_codec(format)->push_disconnect(&out, code, reason);
    wire_end(format, &out);
    buf_add(&last, wire_stream_end());
    bool all_out = writer_finish(&c->writer, buf_view(&last));
    buf_done(&last);
    loop_arm(s->conn->loop, &s->timer, WS_CLOSE_TIMEOUT_MS, on_linger_over);
    if (all_out) conn_shutdown(s->conn);
}

/* ---- the client's side ---- */

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
    conn_shutdown(of_writer(w)->conn);
}

static void on_client_time(Timer *timer)
{
    client_on_time(&CONTAINER_OF(timer, Stream, timer)->client);
}

static void op_arm(Client *c, int64_t at_ms)
{
    Stream *s = of_client(c);
    Loop *l = s->conn->loop;
    if (s->ended) return;
    loop_arm(l, &s->timer, at_ms > l->now_ms ? (uint64_t)(at_ms - l->now_ms) : 0, on_client_time);
}

static void op_session(Client *c, CfSession *session)
{
    const Stream *s = of_client(c);
    Streams *home = s->home;
    uint8_t lane = (uint8_t)home->lane->loop->index;
    uuid_text(s->secret, home->session_text);
    home->session_text[UUID_TEXT_LEN] = '-';
    hex_encode(&lane, 1, home->session_text + UUID_TEXT_LEN + 1);
    session->session = str_make(home->session_text, SESSION_TEXT_LEN);
    session->node = str_make(home->lane->app->node, UUID_TEXT_LEN);
}

static const ClientOps client_ops = {
    {op_write, op_want_writable, op_slow, op_finished}, op_arm, op_close, op_session};

bool session_parse(Str text, SessionId *ret_id)
{
    static const char digits[] = "0123456789abcdef";
    if (text.len != SESSION_TEXT_LEN || text.at[UUID_TEXT_LEN] != '-') return false;
    if (!uuid_parse(str_head(text, UUID_TEXT_LEN), &ret_id->secret)) return false;
    const char *high = memchr(digits, text.at[SESSION_TEXT_LEN - 2], 16);
    const char *low = memchr(digits, text.at[SESSION_TEXT_LEN - 1], 16);
    if (!high || !low) return false;
    ret_id->lane = (uint8_t)((high - digits) * 16 + (low - digits));
    return true;
}

void streams_say(Streams *s, Uuid secret, Str frame)
{
    Stream *stream = map_get(&s->by_secret, str_make(secret.at, sizeof secret.at));
    if (stream) client_on_message(&stream->client, frame);
}

/* ---- the peer's side ---- */

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is ConnEvents' */
static void on_read(Conn *c, uint8_t *at, size_t len)
{
    (void)c, (void)at, (void)len; /* it was told that this connection ends with the response */
}

static void on_writable(Conn *c)
{
    writer_on_writable(&((Stream *)c->owner)->client.writer);
}

static void on_eof(Conn *c)
{
    end(c->owner);
}

static const ConnEvents conn_events = {on_read, on_writable, on_eof, on_closed};

/* ---- opening ---- */

static bool is_admitted(Request *rq, Str connect)
{
    const Streams *home = rq->lane->streams;
    if (request_header(rq, S("origin")).len)
        respond_header(rq, S("Access-Control-Allow-Credentials"), S("true"));
    if (home->draining) {
        respond_header(rq, S("Retry-After"), S("1"));
        respond_error(rq, 503, S("This server is shutting down"));
    } else if (!request_origin_is_allowed(rq)) {
        respond_error(rq, 403, S("This origin may not connect; add it to allowed_origins"));
    } else if (rq->head->minor_version != 1) {
        respond_error(rq, 400, S("A streamed answer needs HTTP/1.1"));
    } else if (connect.len == 0) {
        respond_error(rq, 400,
                      S("The connect command is missing: send it as the body, or to "
                        "/connection/sse as cf_connect in the query"));
    } else if (connect.len > WS_MESSAGE_MAX) {
        respond_error(rq, 413, S("The connect command is too large"));
    } else {
        return true;
    }
    return false;
}

static void open_stream(Request *rq, WireFormat format, Str content_type, Str connect)
{
    Streams *home = rq->lane->streams;
    if (!is_admitted(rq, connect)) return;
    Stream *s = mem_new(Stream);
    s->home = home;
    s->secret = uuid_v4(&rq->lane->loop->random);
    if (map_put(&home->by_secret, s) != ST_OK) {
        mem_free(s);
        respond_error(rq, 503, S("This server has no room for another stream"));
        return;
    }
    const Tenant *hint = ws_hinted_tenant(rq);
    s->conn = respond_stream(rq, content_type);
    s->conn->owner = s;
    s->conn->events = &conn_events;
    list_push_back(&home->streams, &s->node);
    metric_add_by(METRIC_CONNECTIONS, METRIC_DIALECT_CENTRIFUGE, METRIC_NONE_ALL, 1);
    client_init(&s->client, ws_server_realtime(rq->lane->ws), &client_ops, format);
    s->client.hint = hint;
    if (format == WIRE_JSON_SSE) writer_send(&s->client.writer, S("000002\r\n\r\n\r\n"));
    client_on_message(&s->client, connect);
}

void stream_http(Request *rq)
{
    if (str_starts(request_header(rq, S("content-type")), S("application/octet-stream")))
        open_stream(rq, WIRE_PROTOBUF_STREAM, S("application/octet-stream"), rq->body);
    else
        open_stream(rq, WIRE_JSON_STREAM, S("application/json; charset=utf-8"), rq->body);
}

void stream_sse_post(Request *rq)
{
    open_stream(rq, WIRE_JSON_SSE, S("text/event-stream; charset=utf-8"), rq->body);
}

void stream_sse(Request *rq)
{
    Str connect = S("");
    if (rq->head->method == METHOD_HEAD) { /* nothing is opened for a look */
        respond(rq, 200, S("text/event-stream; charset=utf-8"), S(""));
        return;
    }
    (void)!request_query(rq, S("cf_connect"), &connect);
    open_stream(rq, WIRE_JSON_SSE, S("text/event-stream; charset=utf-8"), connect);
}

/* ---- the lane's ---- */

Streams *streams_new(Lane *lane)
{
    Streams *s = mem_new(Streams);
    s->lane = lane;
    list_init(&s->streams);
    map_init(&s->by_secret, STREAMS_PER_LOOP_MAX, secret_of);
    return s;
}

void streams_free(Streams *s)
{
    CHECK(list_is_empty(&s->streams));
    map_done(&s->by_secret);
    mem_free(s);
}

static bool is_shut_out(const Streams *s, const Stream *stream)
{
    const Tenant *tenant = stream->client.tenant;
    if (!tenant) return false;
    const Tenant *now = snapshot_by_id(s->lane->snapshot, tenant->id_text);
    return !now || !now->active;
}

static TaskResult end_some(Streams *s, CfClose code)
{
    int ended = 0;
    for (ListNode *n = list_first(&s->streams); n && ended < DRAIN_SLICE;
         n = list_next(&s->streams, n)) {
        Stream *stream = CONTAINER_OF(n, Stream, node);
        if (stream->ended || stream->conn->_closing) continue;
        if (code == CF_CLOSE_FORCED && !is_shut_out(s, stream)) continue;
        client_close(&stream->client, code);
        ended++;
    }
    return ended == DRAIN_SLICE ? TASK_AGAIN : TASK_DONE;
}

static TaskResult run_drain(Task *task)
{
    return end_some(CONTAINER_OF(task, Streams, drain), CF_CLOSE_SHUTDOWN);
}

void streams_drain(Streams *s)
{
    s->draining = true;
    s->drain.run = run_drain;
    loop_defer(s->lane->loop, &s->drain);
}

static TaskResult run_recheck(Task *task)
{
    return end_some(CONTAINER_OF(task, Streams, recheck), CF_CLOSE_FORCED);
}

void streams_recheck(Streams *s)
{
    s->recheck.run = run_recheck;
    loop_defer(s->lane->loop, &s->recheck);
}

bool streams_are_gone(const Streams *s)
{
    return list_is_empty(&s->streams);
}

void streams_cut(Streams *s)
{
    for (ListNode *n = list_first(&s->streams); n; n = list_next(&s->streams, n))
        end(CONTAINER_OF(n, Stream, node));
}

void streams_each(Streams *s, void (*see)(void *ctx, Client *c), void *ctx)
{
    for (ListNode *n = list_first(&s->streams); n; n = list_next(&s->streams, n))
        see(ctx, &CONTAINER_OF(n, Stream, node)->client);
}
