#include "app/http/cors.h"

#include "app/app.h"
#include "app/http/origin.h"

static const StrList *allowed_of(const Request *rq)
{
    return &rq->lane->app->config->allowed_origins;
}

static uint32_t count_origins(const Request *rq)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rq->head->header_count; i++)
        count += str_eq_nocase(rq->head->headers[i].name, S("origin"));
    return count;
}

bool request_origin_is_allowed(const Request *rq)
{
    uint32_t count = count_origins(rq);
    if (count != 1) return count == 0; /* of two, who knows which the next reader believes */
    Str origin = request_header(rq, S("origin"));
    OriginTransport transport = rq->lane->app->tls ? ORIGIN_TLS : ORIGIN_PLAIN;
    return origin_is_own(origin, request_header(rq, S("host")), transport) ||
           origin_is_listed(allowed_of(rq), origin);
}

void cors_add_headers(Request *rq)
{
    Str origin = rq->head ? request_header(rq, S("origin")) : S("");
    if (allowed_of(rq)->count == 0) return;
    respond_header(rq, S("Vary"), S("Origin")); /* also without one: a shared cache must know */
    if (origin.len == 0 || !origin_is_listed(allowed_of(rq), origin)) return;
    respond_header(rq, S("Access-Control-Allow-Origin"), origin);
    respond_header(rq, S("Access-Control-Expose-Headers"),
                   S("Retry-After, X-Trace-Id, Idempotency-Replayed, RateLimit-Limit, "
                     "RateLimit-Remaining, RateLimit-Reset"));
}

bool cors_answer_preflight(Request *rq)
{
    if (rq->head->method != METHOD_OPTIONS) return false;
    Str origin = request_header(rq, S("origin"));
    if (origin.len && origin_is_listed(allowed_of(rq), origin)) {
        Str headers = request_header(rq, S("access-control-request-headers"));
        respond_header(rq, S("Access-Control-Allow-Methods"),
                       S("GET, POST, PUT, PATCH, DELETE, OPTIONS"));
        if (headers.len) respond_header(rq, S("Access-Control-Allow-Headers"), headers);
        respond_header(rq, S("Access-Control-Max-Age"), S("300"));
        if (str_starts(rq->path, S("/connection/")) || str_is(rq->path, "/emulation"))
            respond_header(rq, S("Access-Control-Allow-Credentials"), S("true"));
    }
    respond(rq, 204, (Str){NULL, 0}, S(""));
    return true;
}
