/* router.h: (method, path) -> route, by the table in routes.def.
 *
 * Thread: any (constants). */
#ifndef ORQ_APP_HTTP_ROUTER_H
#define ORQ_APP_HTTP_ROUTER_H

#include "app/http/request.h"

typedef enum Guard {
    GUARD_NONE,
    GUARD_KEY,
    GUARD_SIGNED_KEY,
    GUARD_KEY_OR_TOKEN,
    GUARD_TOKEN,
    GUARD_WORKSPACE,
    GUARD_SESSION,
    GUARD_ADMIN,
    GUARD_OPERATOR
} Guard;

struct Route {
    HttpMethod method;
    Str path; /* with {name} */
    Guard guard;
    Handler handler;
};

#define ROUTE(method, path, guard, handler) void handler(Request *rq);
#include "app/http/routes.def"
#undef ROUTE

#define ROUTER_BAD_PATH UINT32_MAX

/* The route, its decoded parameters in rq->params. NULL: no such path (404; *ret_allowed is 0), a
 * segment that cannot be decoded (400; ROUTER_BAD_PATH), or a path that exists for other methods only
 * (405; bit mask of 1 << HttpMethod). */
const Route *router_find(Request *rq, HttpMethod method, Str path, unsigned *ret_allowed);

#endif
