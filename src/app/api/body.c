/* Clients handle 401, 422, 429 and 5xx and nothing else, so a wrong media type is a 422 as well. */
#include "app/api/body.h"

#include "base/limits.h"

bool body_is_json(Request *rq)
{
    Str value = request_header(rq, S("content-type"));
    if (str_eq_nocase(str_trim(str_cut(&value, ';')), S("application/json"))) return true;
    body_refuse(rq, S("Content-Type must be application/json"));
    return false;
}

void body_refuse(Request *rq, Str problem)
{
    Problems problems = {.count = 0};
    problems_add(&problems, problem);
    respond_problems(rq, &problems);
}

bool body_left_room(Request *rq)
{
    if (arena_bytes(&rq->arena) + REQUEST_ARENA_RESERVE <= REQUEST_ARENA_MAX) return true;
    body_refuse(rq, S("request body holds too many values"));
    return false;
}
