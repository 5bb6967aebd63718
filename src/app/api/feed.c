/* A user's in-app notifications: the page, and marking one read.
 *
 * Asked with the tenant's key for any of its users, or with a realtime token for its own user. The
 * tenant in the path must be the one who asks; if not, the answer is that of a wrong key (E.4). */
#include "app/api/feed.h"

#include "app/api/body.h"
#include "app/http/guard.h"
#include "app/http/router.h"
#include "base/limits.h"
#include "domain/feed/feed_json.h"

enum { PARAM_TENANT, PARAM_USER, PARAM_ID };

static bool asks_for_own(Request *rq)
{
    bool own_tenant = str_eq_nocase(rq->params[PARAM_TENANT], rq->tenant->id_text);
    bool own_user = !rq->token_user.at || str_eq(rq->params[PARAM_USER], rq->token_user);
    if (!own_tenant || !own_user) guard_refuse(rq);
    return own_tenant && own_user;
}

/* ---- GET /api/v1/notifications/{tenant}/{user}?limit&offset ---- */

/* Decimal digits only; a number beyond 64 bits is simply large. */
static bool read_number(Str text, uint64_t *ret_value)
{
    if (text.len == 0) return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9') return false;
    if (!str_to_u64(text, ret_value)) *ret_value = UINT64_MAX;
    return true;
}

static uint32_t at_most(uint64_t value, uint32_t most)
{
    return value < most ? (uint32_t)value : most;
}

/* E.5: limit 1..100, above is 100; offset 0 and up; anything else answers 422. */
bool feed_read_page(Request *rq, uint32_t *ret_limit, uint32_t *ret_offset)
{
    Problems problems = {.count = 0};
    uint64_t limit = FEED_LIMIT_DEFAULT, offset = 0;
    Str text;

    if (request_query(rq, S("limit"), &text) && (!read_number(text, &limit) || limit == 0))
        problems_add(&problems, S("limit must be an integer number between 1 and 100"));
    if (request_query(rq, S("offset"), &text) && !read_number(text, &offset))
        problems_add(&problems, S("offset must be an integer number not less than 0"));
    if (problems.count > 0) {
        respond_problems(rq, &problems);
        return false;
    }
    *ret_limit = at_most(limit, FEED_LIMIT_MAX);
    *ret_offset = at_most(offset, INT32_MAX);
    return true;
}

/* Escaped, a page of the longest texts may be larger than an answer. */
enum { FEED_ANSWER_MAX = HTTP_RESPONSE_MAX - KIB(32) /* less the head */ };

void feed_answer(Request *rq, Errand *e, FeedPut put)
{
    Arena items = *e->feed.arena; /* ours now: answering ends the request and its own arena */
    Buf *out = &rq->lane->scratch;
    Status st = e->call.st;

    buf_clear(out);
    if (st == ST_OK) {
        put(out, &e->feed);
        st = buf_len(out) > FEED_ANSWER_MAX ? ST_TOO_BIG : buf_status(out);
    }
    if (st == ST_OK)
        respond_json(rq, 200, buf_view(out));
    else if (st == ST_TOO_BIG)
        body_refuse(rq, S("limit is too large for notifications of this size"));
    else
        respond_status(rq, st, &e->call.err);
    arena_done(&items);
}

/* The items have an arena of their own: the store fills it on its thread while the request waits, and
 * it holds a page of the longest texts. */
enum { FEED_PAGE_BYTES_MAX = FEED_LIMIT_MAX * (TITLE_MAX + PUSH_BODY_MAX + KIB(1)) };

void feed_ask(Request *rq, Str user_id, uint32_t limit, uint32_t offset,
              void (*back)(Request *rq, Errand *e))
{
    Errand *e = errand_new(rq, back);
    Arena *items = arena_new(&rq->arena, Arena);

    arena_init(items, FEED_PAGE_BYTES_MAX);
    e->feed = (FeedCall){.tenant_no = rq->tenant->no,
                         .user_id = user_id,
                         .limit = limit,
                         .offset = offset,
                         .arena = items};
    errand_send(e, STORE_FEED);
}

static void put_page(Buf *out, const FeedCall *feed)
{
    feed_json_page(out, feed->ret_items, feed->ret_count);
}

static void feed_back(Request *rq, Errand *e)
{
    feed_answer(rq, e, put_page);
}

void api_feed_list(Request *rq)
{
    uint32_t limit, offset;

    if (!asks_for_own(rq) || !feed_read_page(rq, &limit, &offset)) return;
    feed_ask(rq, rq->params[PARAM_USER], limit, offset, feed_back);
}

/* ---- PUT /api/v1/notifications/{tenant}/{user}/{id}/read ---- */

static void refuse_unknown(Request *rq) /* E.6: exactly this */
{
    respond_json(rq, 404,
                 S("{\"success\":false,\"statusCode\":404,\"error\":\"Not Found\","
                   "\"message\":\"Notification not found or access denied.\"}"));
}

static void read_back(Request *rq, Errand *e)
{
    if (e->call.st == ST_OK)
        respond_json(rq, 200, S("{\"success\":true}"));
    else if (e->call.st == ST_NOT_FOUND)
        refuse_unknown(rq);
    else
        respond_status(rq, e->call.st, &e->call.err);
}

void api_feed_read(Request *rq)
{
    Uuid id;

    if (!asks_for_own(rq)) return;
    if (!uuid_parse(rq->params[PARAM_ID], &id)) {
        refuse_unknown(rq);
        return;
    }
    feed_mark_read(rq, rq->params[PARAM_USER], id, read_back);
}

void feed_mark_read(Request *rq, Str user_id, Uuid id, void (*back)(Request *rq, Errand *e))
{
    Errand *e = errand_new(rq, back);

    e->mark_read = (MarkReadCall){.tenant_no = rq->tenant->no,
                                  .user_id = user_id,
                                  .notification_id = id,
                                  .now_ms = rq->lane->loop->now_ms};
    errand_send(e, STORE_MARK_READ);
}
