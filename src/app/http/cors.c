#include "app/http/cors.h"

#include "app/app.h"

/* Scheme, star, dot, domain against an origin: the same scheme and any host below the domain. */
static bool matches_suffix(Str pattern, Str origin)
{
    ptrdiff_t star = str_find(pattern, '*');
    if (star < 0) return false;
    Str scheme = str_head(pattern, (size_t)star), suffix = str_from(pattern, (size_t)star + 1);
    if (!str_ends(scheme, S("://")) || suffix.len < 2 || suffix.at[0] != '.') return false;
    if (origin.len <= scheme.len + suffix.len) return false;
    Str label = str_make(origin.at + scheme.len, origin.len - scheme.len - suffix.len);
    return str_eq_nocase(str_head(origin, scheme.len), scheme) &&
           str_eq_nocase(str_from(origin, origin.len - suffix.len), suffix) &&
           str_find(label, '/') < 0 && str_find(label, ':') < 0;
}

static bool is_own(Str origin, Str host)
{
    Str rest = origin;
    if (str_starts(rest, S("http://")))
        rest = str_from(rest, 7);
    else if (str_starts(rest, S("https://")))
        rest = str_from(rest, 8);
    else
        return false;
    return host.len && str_eq_nocase(rest, host);
}

static bool is_listed(const StrList *allowed, Str origin)
{
    if (str_is(origin, "null")) return false;
    for (uint32_t i = 0; i < allowed->count; i++)
        if (str_is(allowed->at[i], "*") || str_eq_nocase(allowed->at[i], origin) ||
            matches_suffix(allowed->at[i], origin))
            return true;
    return false;
}

bool origin_is_allowed(const StrList *allowed, Str origin, Str host)
{
    return origin.len == 0 || is_own(origin, host) || is_listed(allowed, origin);
}

static const StrList *allowed_of(const Request *rq)
{
    return &rq->lane->app->config->allowed_origins;
}

bool request_origin_is_allowed(const Request *rq)
{
    return origin_is_allowed(allowed_of(rq), request_header(rq, S("origin")),
                             request_header(rq, S("host")));
}

void cors_add_headers(Request *rq)
{
    Str origin = rq->head ? request_header(rq, S("origin")) : S("");
    if (allowed_of(rq)->count == 0) return;
    respond_header(rq, S("Vary"), S("Origin")); /* also without one: a shared cache must know */
    if (origin.len == 0 || !is_listed(allowed_of(rq), origin)) return;
    respond_header(rq, S("Access-Control-Allow-Origin"), origin);
    respond_header(rq, S("Access-Control-Expose-Headers"),
                   S("Retry-After, X-Trace-Id, Idempotency-Replayed, RateLimit-Limit, "
                     "RateLimit-Remaining, RateLimit-Reset"));
}

bool cors_answer_preflight(Request *rq)
{
    if (rq->head->method != METHOD_OPTIONS) return false;
    Str origin = request_header(rq, S("origin"));
    if (origin.len && is_listed(allowed_of(rq), origin)) {
        Str headers = request_header(rq, S("access-control-request-headers"));
        respond_header(rq, S("Access-Control-Allow-Methods"),
                       S("GET, POST, PUT, PATCH, DELETE, OPTIONS"));
        if (headers.len) respond_header(rq, S("Access-Control-Allow-Headers"), headers);
        respond_header(rq, S("Access-Control-Max-Age"), S("300"));
    }
    respond(rq, 204, (Str){NULL, 0}, S(""));
    return true;
}
