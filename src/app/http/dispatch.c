#include "app/http/dispatch.h"

#include "app/app.h"
#include "app/http/assets_route.h"
#include "app/http/cors.h"
#include "app/http/guard.h"
#include "app/http/router.h"
#include "proto/url.h"

static const char *const method_names[] = {"GET",   "HEAD",   "POST",   "PUT",
                                           "PATCH", "DELETE", "OPTIONS"};

static void answer_no_route(Request *rq, unsigned allowed)
{
    char text[64];
    size_t len = 0;
    if (allowed == ROUTER_BAD_PATH) {
        respond_error(rq, 400,
                      S("The path holds a broken %-escape, a control character or no UTF-8"));
        return;
    }
    if (!allowed) {
        respond_error(rq, 404,
                      arena_format(&rq->arena, "Cannot %.*s %.*s", STR_FMT(rq->head->method_name),
                                   STR_FMT(str_head(rq->path, 200))));
        return;
    }
    if (allowed & 1u << METHOD_GET) allowed |= 1u << METHOD_HEAD;
    allowed |= 1u << METHOD_OPTIONS;
    for (unsigned m = 0; m < METHOD_OTHER; m++)
        if (allowed & 1u << m)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len ? ", " : "",
                                    method_names[m]);
    respond_header(rq, S("Allow"), arena_format(&rq->arena, "%s", text));
    respond_error(rq, 405,
                  arena_format(&rq->arena, "%.*s is not allowed here; use %s",
                               STR_FMT(rq->head->method_name), text));
}

void dispatch(Request *rq)
{
    unsigned allowed = 0;
    rq->snapshot = snapshot_ref(rq->lane->snapshot);
    if (url_split(rq->head->target, &rq->path, &rq->query) != ST_OK) {
        respond_error(rq, 400, S("The request target is not a valid path"));
        return;
    }
    if (cors_answer_preflight(rq)) return;
    Str coding = request_header(rq, S("content-encoding"));
    if (coding.len && !str_eq_nocase(coding, S("identity"))) {
        respond_error(rq, 415, S("Send the body as it is, without Content-Encoding"));
        return;
    }
    HttpMethod method = rq->head->method == METHOD_HEAD ? METHOD_GET : rq->head->method;
    if (method == METHOD_GET && !rq->head->upgrade_websocket && assets_answer(rq)) return;
    rq->route = router_find(rq, method, rq->path, &allowed);
    if (!rq->route)
        answer_no_route(rq, allowed);
    else if (guard_admit(rq))
        rq->route->handler(rq);
}

void dispatch_refused(Request *rq, int status, Str reason)
{
    respond_error(rq, status, reason);
}
