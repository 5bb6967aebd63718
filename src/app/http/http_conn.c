/* Reading requests off a connection. Timers: HTTP_HEADER_TIMEOUT_MS for a head, HTTP_BODY_RATE_MIN for a
 * body, HTTP_IDLE_TIMEOUT_MS between requests and for a client to read on; none while a request is in
 * hand. */
#include "app/http/http_conn.h"

#include <stdio.h>
#include <sys/socket.h>

#include "app/app.h"
#include "app/http/dispatch.h"
#include "app/measure.h"
#include "base/limits.h"
#include "base/mem.h"

enum { BODY_GRACE_MS = 10000, BODY_CHECK_MS = 2000, LINGER_MS = 2000 };

static void on_timer(Timer *timer);

static void arm(HttpConn *hc, uint64_t delay_ms)
{
    loop_arm(hc->conn->loop, &hc->timer, delay_ms, on_timer);
}

/* ---- requests ---- */

static void request_begin(HttpConn *hc)
{
    Request *rq = mem_new(Request);
    rq->lane = hc->server->lane;
    rq->_conn = hc;
    rq->started_mono_ms = rq->lane->loop->mono_ms;
    rq->started_ns = uv_hrtime();
    arena_init(&rq->arena, REQUEST_ARENA_MAX);
    hc->rq = rq;
    hc->body_started_ms = 0;
    if (hc->parser)
        http_next(hc->parser, &rq->arena);
    else
        hc->parser = http_new(&rq->arena);
    arm(hc, HTTP_HEADER_TIMEOUT_MS);
}

void request_free(Request *rq)
{
    if (rq->snapshot) snapshot_unref(rq->snapshot);
    arena_done(&rq->arena);
    mem_free(rq);
}

static void fail(HttpConn *hc, int status, const char *reason)
{
    hc->last = true;
    hc->in_hand = true;
    timer_cancel(&hc->timer);
    dispatch_refused(hc->rq, status, str_of(reason));
}

static void on_head(HttpConn *hc)
{
    const HttpHead *head = http_head(hc->parser);
    if (!head->has_body) return;
    hc->body_started_ms = hc->conn->loop->mono_ms;
    arm(hc, BODY_CHECK_MS);
    if (head->expect_continue) http_conn_send(hc, S("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void on_done(HttpConn *hc)
{
    Request *rq = hc->rq;
    HttpHead *head = arena_new(&rq->arena,
                               HttpHead); /* the parser's own goes with the connection */
    *head = *http_head(hc->parser);
    rq->head = head;
    if (!arena_copy(&rq->arena, buf_view(&hc->body), &rq->body)) {
        fail(hc, 413, "the request is too large");
        return;
    }
    buf_done(&hc->body);
    hc->in_hand = true;
    hc->last = !head->keep_alive || hc->server->draining;
    timer_cancel(&hc->timer);
    dispatch(rq);
}

/* The next request waits: one is in hand, or the client has not taken the last answer. Without the latter
 * who asks and never reads would soon have more answers waiting than one connection may. */
static bool is_busy(const HttpConn *hc)
{
    return hc->in_hand || buf_len(&hc->out) > 0;
}

/* Returns how much of the input was used; less than len when the next request must wait. */
static size_t process(HttpConn *hc, Str in)
{
    size_t done = 0;
    HttpStep step = STEP_DONE;
    while (!is_busy(hc) && !hc->lingering && !hc->upgraded && step != STEP_MORE) {
        size_t used = 0;
        if (!hc->rq && done == in.len) break; /* between requests there is nothing to finish */
        if (!hc->rq) request_begin(hc);
        step = http_step(hc->parser, str_from(in, done), &used);
        done += used;
        switch (step) {
        case STEP_MORE:
            break;
        case STEP_HEAD:
            on_head(hc);
            break;
        case STEP_BODY:
            buf_add(&hc->body, http_body_part(hc->parser));
            break;
        case STEP_DONE:
            on_done(hc);
            break;
        case STEP_FAILED:
            fail(hc, http_fail_status(hc->parser), http_fail_reason(hc->parser));
            break;
        }
    }
    return done;
}

static void free_conn(HttpConn *hc)
{
    timer_cancel(&hc->timer);
    list_unlink(&hc->node);
    if (hc->rq) {
        hc->rq->_conn = NULL; /* in hand: it frees itself when it comes back */
        if (!hc->in_hand) request_free(hc->rq);
    }
    if (hc->parser) http_free(hc->parser);
    buf_done(&hc->body);
    buf_done(&hc->pending);
    buf_done(&hc->out);
    mem_free(hc);
}

/* The connection belongs to another protocol now; bytes behind the request are its first. */
static void hand_over(HttpConn *hc, Str rest)
{
    Conn *c = hc->conn;
    char *copy = rest.len ? mem_alloc(rest.len) : NULL; /* rest may live in hc->pending */
    if (copy) memcpy(copy, rest.at, rest.len);
    hc->in_hand = false;
    free_conn(hc);
    if (copy) c->events->on_read(c, (uint8_t *)copy, rest.len);
    mem_free(copy);
}

static void process_all(HttpConn *hc, Str in)
{
    hc->processing = true;
    size_t used = process(hc, in);
    hc->processing = false;
    Str rest = str_from(in, used);
    if (hc->upgraded) {
        hand_over(hc, rest);
        return;
    }
    if (hc->lingering) return;
    buf_add(&hc->pending, rest);
    if (buf_len(&hc->pending) >= HTTP_PIPELINE_BYTES_MAX / 2) conn_set_reading(hc->conn, false);
}

static void process_pending(HttpConn *hc)
{
    Buf in = hc->pending;
    buf_init(&hc->pending, in._max);
    conn_set_reading(hc->conn, true);
    process_all(hc, buf_view(&in));
    buf_done(&in);
}

/* All was written; now the client has the time it takes to see that, and hang up. */
static void linger(HttpConn *hc)
{
    conn_shutdown(hc->conn);
    arm(hc, conn_has_unsent(hc->conn) ? HTTP_IDLE_TIMEOUT_MS : LINGER_MS);
}

void http_conn_answered(HttpConn *hc)
{
    hc->rq = NULL;
    hc->in_hand = false;
    if (hc->upgraded) return;
    if (hc->last) {
        hc->lingering = true;
        buf_done(&hc->pending);
        arm(hc, HTTP_IDLE_TIMEOUT_MS);
        if (buf_len(&hc->out) == 0) linger(hc);
        return;
    }
    arm(hc, HTTP_IDLE_TIMEOUT_MS);
    if (!hc->processing && !is_busy(hc) && buf_len(&hc->pending)) process_pending(hc);
}

/* ---- the connection ---- */

void http_conn_send(HttpConn *hc, Str bytes)
{
    size_t taken = 0;
    if (buf_len(&hc->out) == 0) {
        struct iovec part = {(void *)(uintptr_t)bytes.at, bytes.len};
        ssize_t n = conn_write(hc->conn, &part, 1);
        if (n < 0) return; /* on_eof follows */
        taken = (size_t)n;
    }
    if (taken == bytes.len) return;
    buf_add(&hc->out, str_from(bytes, taken));
    conn_want_write(hc->conn, true);
}

static void on_read(Conn *c, uint8_t *at, size_t len)
{
    HttpConn *hc = c->owner;
    if (hc->lingering) return;
    if (is_busy(hc)) {
        buf_add(&hc->pending, str_make(at, len));
        if (buf_status(&hc->pending) != ST_OK)
            http_conn_close(hc);
        else if (buf_len(&hc->pending) >= HTTP_PIPELINE_BYTES_MAX / 2)
            conn_set_reading(c, false);
        return;
    }
    process_all(hc, str_make(at, len));
}

static void on_writable(Conn *c)
{
    HttpConn *hc = c->owner;
    Str rest = buf_view(&hc->out);
    struct iovec part = {(void *)(uintptr_t)rest.at, rest.len};
    ssize_t n = conn_write(c, &part, 1);
    if (n < 0) return;
    buf_consume(&hc->out, (size_t)n);
    if (n > 0 && !hc->rq) arm(hc, HTTP_IDLE_TIMEOUT_MS);
    if (buf_len(&hc->out)) return;
    buf_done(&hc->out);
    conn_want_write(c, false);
    if (hc->lingering)
        linger(hc);
    else if (!hc->in_hand && buf_len(&hc->pending))
        process_pending(hc);
}

static void on_eof(Conn *c)
{
    http_conn_close(c->owner);
}

static void on_closed_owner_gone(Conn *c)
{
    (void)c; /* freed by http_conn_close already */
}

static const ConnEvents conn_events = {on_read, on_writable, on_eof, on_closed_owner_gone};

void http_conn_close(HttpConn *hc)
{
    conn_close(hc->conn);
    free_conn(hc);
}

static void on_timer(Timer *timer)
{
    HttpConn *hc = CONTAINER_OF(timer, HttpConn, timer);
    if (hc->lingering || !hc->rq) {
        http_conn_close(hc);
        return;
    }
    if (hc->body_started_ms) {
        uint64_t elapsed_ms = hc->conn->loop->mono_ms - hc->body_started_ms;
        uint64_t wanted = elapsed_ms * HTTP_BODY_RATE_MIN / 1000;
        if (elapsed_ms < BODY_GRACE_MS || buf_len(&hc->body) >= wanted) {
            arm(hc, BODY_CHECK_MS);
            return;
        }
    }
    if (!http_started(hc->parser)) {
        http_conn_close(hc);
        return;
    }
    fail(hc, 408, "the request took too long to arrive");
}

/* ---- the server ---- */

HttpServer *http_server_new(Lane *lane)
{
    HttpServer *s = mem_new(HttpServer);
    s->lane = lane;
    list_init(&s->conns);
    return s;
}

void http_server_free(HttpServer *s)
{
    CHECK(list_is_empty(&s->conns));
    mem_free(s);
}

void http_server_accept(Conn *c, void *server)
{
    HttpConn *hc = mem_new(HttpConn);
    hc->conn = c;
    hc->server = server;
    buf_init(&hc->body, HTTP_BODY_MAX);
    buf_init(&hc->pending, HTTP_PIPELINE_BYTES_MAX + LOOP_READ_BYTES);
    buf_init(&hc->out, HTTP_RESPONSE_MAX);
    c->events = &conn_events;
    c->owner = hc;
    list_push_back(&hc->server->conns, &hc->node);
    arm(hc, HTTP_HEADER_TIMEOUT_MS);
}

/* Before there is a request to answer: as far as the socket takes it, and no further. */
static void say(int fd, const char *head, const char *code, const char *message, const char *error)
{
    char body[256], answer[640];
    int len = snprintf(body, sizeof body, "{\"statusCode\":%s,\"message\":\"%s\",\"error\":\"%s\"}",
                       code, message, error);
    len = snprintf(answer, sizeof answer,
                   "HTTP/1.1 %s %s\r\nContent-Type: application/json; charset=utf-8\r\n%s"
                   "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                   code, error, head, len, body);
    (void)!send(fd, answer, (size_t)len, MSG_NOSIGNAL);
}

void http_server_refuse(int fd, Refusal why)
{
    static const char *const words[] = {
        [REFUSAL_ROOM] = "This server has no room for another connection",
        [REFUSAL_ADDRESS] = "Too many connections from this address",
        [REFUSAL_RATE] = "Too many new connections at once; try again in a moment"};
    say(fd, "Retry-After: 1\r\n", "503", words[why], "Service Unavailable");
}

void http_server_refuse_plain(int fd)
{
    say(fd, "", "400", "This port speaks TLS; use https:// or wss://", "Bad Request");
}

void http_server_drain(HttpServer *s)
{
    s->draining = true;
    for (ListNode *n = list_first(&s->conns), *next; n; n = next) {
        HttpConn *hc = CONTAINER_OF(n, HttpConn, node);
        next = list_next(&s->conns, n);
        hc->last = true;
        if (hc->rq || hc->lingering) continue;
        if (buf_len(&hc->out))
            hc->lingering = true; /* answered, but the answer is still on its way */
        else
            http_conn_close(hc);
    }
}

bool http_server_is_empty(const HttpServer *s)
{
    return list_is_empty(&s->conns);
}

void http_server_close_all(HttpServer *s)
{
    for (ListNode *n; (n = list_first(&s->conns));)
        http_conn_close(CONTAINER_OF(n, HttpConn, node));
}

Conn *http_take_over(Request *rq, int status)
{
    HttpConn *hc = rq->_conn;
    hc->upgraded = true;
    rq->_status = status;
    measure_request(rq);
    return hc->conn;
}
