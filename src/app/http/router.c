/* The table is short; a linear look with the method and segment count compared by the pattern walk is
 * some 100 ns. A literal route stands above the one with a parameter in its place (templates/preview
 * above templates/{id}): first match wins. */
#include "app/http/router.h"

#include "proto/url.h"

static const Route routes[] = {
#define ROUTE(method, path, guard, handler) {method, STR_INIT(path), guard, handler},
#include "app/http/routes.def"
#undef ROUTE
};

enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

/* Raw values of the {…} segments; false when the path does not have this shape. */
static bool match(Str pattern, Str path, Str *ret_raw, uint32_t *ret_count)
{
    *ret_count = 0;
    while (pattern.at && path.at) {
        Str want = str_cut(&pattern, '/'), have = str_cut(&path, '/');
        if (want.len && want.at[0] == '{') {
            if (have.len == 0) return false;
            ret_raw[(*ret_count)++] = have;
        } else if (!str_eq(want, have)) {
            return false;
        }
    }
    return !pattern.at && !path.at;
}

const Route *router_find(Request *rq, HttpMethod method, Str path, unsigned *ret_allowed)
{
    Str raw[REQUEST_PARAMS_MAX];
    uint32_t count;
    *ret_allowed = 0;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (!match(routes[i].path, path, raw, &count)) continue;
        *ret_allowed |= 1u << routes[i].method;
        if (routes[i].method != method) continue;
        for (uint32_t p = 0; p < count; p++)
            if (url_decode(raw[p], &rq->arena, &rq->params[p]) != ST_OK) {
                *ret_allowed = ROUTER_BAD_PATH;
                return NULL;
            }
        return &routes[i];
    }
    return NULL;
}
