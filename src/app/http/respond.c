/* Every answer is put together in one buffer and handed to the kernel in one write. */
#include <time.h>

#include "app/api/limit.h"
#include "app/http/cors.h"
#include "app/http/http_conn.h"
#include "app/measure.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "proto/url.h"

#define JSON_TYPE S("application/json; charset=utf-8")

bool request_query(Request *rq, Str name, Str *ret_value)
{
    return rq->query.at && url_query(rq->query, name, &rq->arena, ret_value) == ST_OK;
}

bool request_json(Request *rq, Json *ret_json)
{
    Err err = {""};
    Problems problems = {.count = 0};
    Status st = json_parse(rq->body, &rq->arena, ret_json, &err);
    if (st == ST_OK && json_is(ret_json, 0, JSON_OBJECT)) return true;
    if (st == ST_OK)
        problems_add(&problems, S("request body must be a JSON object"));
    else
        problems_add(&problems,
                     arena_format(&rq->arena, "request body must be valid JSON: %s", err.text));
    respond_problems(rq, &problems);
    return false;
}

size_t request_peer(const Request *rq, char *ret, size_t room)
{
    return rq->_conn ? conn_peer_text(rq->_conn->conn, ret, room) : 0;
}

void respond_header(Request *rq, Str name, Str value)
{
    CHECK(rq->_header_count < RESPONSE_HEADERS_MAX);
    rq->_headers[rq->_header_count++] = (HttpHeader){name, value};
}

/* ---- the wire ---- */

static Str date_now(HttpServer *s)
{
    int64_t now_s = s->lane->loop->now_ms / 1000;
    if (now_s != s->date_s) {
        struct tm utc;
        time_t t = (time_t)now_s;
        gmtime_r(&t, &utc);
        strftime(s->date, sizeof s->date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        s->date_s = now_s;
    }
    return str_of(s->date);
}

static void put_header(Buf *out, Str name, Str value)
{
    buf_add(out, name);
    buf_lit(out, ": ");
    buf_add(out, value);
    buf_lit(out, "\r\n");
}

static void put_answer(Buf *out, Request *rq, int status, Str content_type, Str body)
{
    HttpConn *hc = rq->_conn;
    bool bodiless = status == 204 || status == 304;
    buf_lit(out, "HTTP/1.1 ");
    buf_add_u64(out, (uint64_t)status);
    buf_add_byte(out, ' ');
    buf_add(out, str_of(http_status_text(status)));
    buf_lit(out, "\r\n");
    put_header(out, S("Date"), date_now(hc->server));
    if (content_type.len) put_header(out, S("Content-Type"), content_type);
    for (uint8_t i = 0; i < rq->_header_count; i++)
        put_header(out, rq->_headers[i].name, rq->_headers[i].value);
    put_header(out, S("X-Content-Type-Options"), S("nosniff"));
    if (!bodiless) {
        buf_lit(out, "Content-Length: ");
        buf_add_u64(out, body.len);
        buf_lit(out, "\r\n");
    }
    if (hc->last)
        put_header(out, S("Connection"), S("close"));
    else if (rq->head && rq->head->minor_version == 0)
        put_header(out, S("Connection"), S("keep-alive"));
    buf_lit(out, "\r\n");
    if (!bodiless && !(rq->head && rq->head->method == METHOD_HEAD)) buf_add(out, body);
}

static void log_request(const Request *rq)
{
    LogNum status, took;
    LOG(LOG_INFO, "http.request", log_str("method", rq->head ? rq->head->method_name : S("")),
        log_str("path", rq->path), log_num("status", rq->_status, &status),
        log_num("ms", (int64_t)(rq->lane->loop->mono_ms - rq->started_mono_ms), &took),
        log_str("tenant", rq->tenant ? rq->tenant->slug : S("")));
}

static void note_answer(const Request *rq)
{
    measure_request(rq);
    log_request(rq);
}

static void send_answer(Request *rq, int status, Str content_type, Str body)
{
    HttpConn *hc = rq->_conn;
    Buf out;
    buf_init(&out, HTTP_RESPONSE_MAX);
    cors_add_headers(rq);
    put_answer(&out, rq, status, content_type, body);
    if (buf_status(&out) == ST_OK) {
        http_conn_send(hc, buf_view(&out));
    } else { /* an answer beyond the ceiling: our fault, and too late for another one */
        LOG(LOG_ERROR, "http.answer_too_big", log_str("path", rq->path));
        hc->last = true;
    }
    buf_done(&out);
}

void respond(Request *rq, int status, Str content_type, Str body)
{
    HttpConn *hc = rq->_conn;
    CHECK(rq->_status == 0);
    rq->_status = status;
    if (status >= 400) limit_give_back(rq, rq->tenant, rq->counted);
    if (hc) send_answer(rq, status, content_type, body);
    if (!rq->_answered_unknown) note_answer(rq);
    request_free(rq);
    if (hc) http_conn_answered(hc);
}

Conn *respond_stream(Request *rq, Str content_type)
{
    Buf head;
    buf_init(&head, KIB(16));
    cors_add_headers(rq);
    buf_lit(&head, "HTTP/1.1 200 OK\r\n");
    put_header(&head, S("Date"), date_now(rq->_conn->server));
    put_header(&head, S("Content-Type"), content_type);
    for (uint8_t i = 0; i < rq->_header_count; i++)
        put_header(&head, rq->_headers[i].name, rq->_headers[i].value);
    buf_lit(&head, "X-Content-Type-Options: nosniff\r\n"
                   "Cache-Control: private, no-cache, no-store, must-revalidate, max-age=0\r\n"
                   "Pragma: no-cache\r\nExpires: 0\r\nX-Accel-Buffering: no\r\n"
                   "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    Conn *c = http_take_over(rq, 200);
    struct iovec part = {(void *)(uintptr_t)buf_view(&head).at, buf_len(&head)};
    (void)!conn_write(c, &part, 1); /* the first bytes of an answer always fit; broken: on_eof */
    buf_done(&head);
    return c;
}

/* ---- JSON answers ---- */

void respond_json(Request *rq, int status, Str json)
{
    respond_header(rq, S("Cache-Control"), S("no-store"));
    respond(rq, status, JSON_TYPE, json);
}

static void put_envelope(Buf *out, int status, Str message)
{
    buf_format(out, "{\"statusCode\":%d,\"message\":", status);
    json_put_string(out, message);
    buf_lit(out, ",\"error\":");
    json_put_string(out, str_of(http_status_text(status)));
    buf_lit(out, "}");
}

void respond_error(Request *rq, int status, Str message)
{
    Buf b;
    buf_init(&b, HTTP_RESPONSE_MAX);
    put_envelope(&b, status, message);
    respond_json(rq, status, buf_view(&b));
    buf_done(&b);
}

void respond_detail(Request *rq, int status, Str detail)
{
    Buf b;
    buf_init(&b, HTTP_RESPONSE_MAX);
    buf_lit(&b, "{\"detail\":");
    json_put_string(&b, detail);
    buf_lit(&b, "}");
    respond_json(rq, status, buf_view(&b));
    buf_done(&b);
}

/* The headers of the answer to come are the handler's, who does not know of this one: they are put back
 * as they were. */
void respond_unknown(Request *rq)
{
    HttpConn *hc = rq->_conn;
    uint8_t headers = rq->_header_count;
    Buf b;
    if (!hc || rq->_status) return;
    buf_init(&b, KIB(1));
    put_envelope(&b, 500,
                 S("Storage did not answer in time, so what became of this request is not "
                   "known. Send it again with the same key or id"));
    respond_header(rq, S("Retry-After"), S("2"));
    respond_header(rq, S("Cache-Control"), S("no-store"));
    send_answer(rq, 500, JSON_TYPE, buf_view(&b));
    buf_done(&b);
    metric_add(METRIC_ANSWERED_LATE, 1);
    rq->_status = 500;
    note_answer(rq);
    rq->_status = 0;
    rq->_header_count = headers;
    rq->_answered_unknown = true;
    rq->_conn = NULL;
    http_conn_answered(hc);
}

void respond_problems(Request *rq, const Problems *problems)
{
    Buf b;
    buf_init(&b, HTTP_RESPONSE_MAX);
    buf_lit(&b, "{\"statusCode\":400,\"message\":[");
    for (uint32_t i = 0; i < problems->count; i++) {
        if (i) buf_add_byte(&b, ',');
        json_put_string(&b, problems->text[i]);
    }
    buf_lit(&b, "],\"error\":\"Bad Request\"}");
    respond_json(rq, 422, buf_view(&b));
    buf_done(&b);
}

void respond_status(Request *rq, Status st, const Err *err)
{
    Str said = err ? err_view(err) : S("");
    switch (st) {
    case ST_OK:
    case ST_MORE:
    case ST_INTERNAL:
        respond_error(rq, 500, S("Internal server error"));
        return;
    case ST_INVALID: {
        Problems problems = {.count = 0};
        problems_add(&problems, said.len ? said : S("the request is not valid"));
        respond_problems(rq, &problems);
        return;
    }
    case ST_TOO_BIG:
        respond_error(rq, 413, said.len ? said : S("The request is too large"));
        return;
    case ST_UNAUTHORIZED:
    case ST_EXPIRED:
        respond_error(rq, 401, said.len ? said : S("Sign in first"));
        return;
    case ST_FORBIDDEN:
        respond_error(rq, 403, said.len ? said : S("You may not do this"));
        return;
    case ST_NOT_FOUND:
        respond_error(rq, 404, said.len ? said : S("There is no such thing"));
        return;
    case ST_CONFLICT:
        respond_error(rq, 409, said.len ? said : S("It exists already"));
        return;
    case ST_LIMITED:
        respond_error(rq, 429, said.len ? said : S("Too many requests; try again later"));
        return;
    case ST_UNAVAILABLE:
    case ST_FULL: /* 500, as the seeds say: clients retry those (API-26) */
        respond_header(rq, S("Retry-After"), S("2"));
        respond_error(rq, 500,
                      S("Storage does not work at the moment; nothing was acknowledged. "
                        "Try again"));
        return;
    }
    CHECK(false);
}

void respond_data(Request *rq, int status, Str data_json)
{
    Buf b;
    buf_init(&b, HTTP_RESPONSE_MAX);
    buf_lit(&b, "{\"success\":true,\"data\":");
    buf_add(&b, data_json);
    buf_lit(&b, "}");
    respond_json(rq, status, buf_view(&b));
    buf_done(&b);
}
