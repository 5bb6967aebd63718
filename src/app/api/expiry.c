/* The feed as product-expiry clients read it: GET /api/notification/list and POST
 * /api/notification/mark-read/{id} (EXW-01, EXW-02).
 *
 * It is the same feed the other dialects show, in this one's words; what is marked here is read everywhere.
 * Whose it is, the token says: there is no user in the path to be mistaken about. Errors are
 * {"detail":...} (EXW-05). */
#include "app/api/feed.h"
#include "app/http/router.h"
#include "domain/feed/expiry_json.h"

static void put_page(Buf *out, const FeedCall *feed)
{
    if (feed->ret_count == 0 && feed->offset == 0)
        buf_lit(out, "{\"message\":\"No notifications found\"}");
    else
        expiry_json_page(out, feed->ret_items, feed->ret_count);
}

static void list_back(Request *rq, Errand *e)
{
    feed_answer(rq, e, put_page);
}

void expiry_list(Request *rq)
{
    uint32_t limit, offset;

    if (feed_read_page(rq, &limit, &offset)) feed_ask(rq, rq->token_user, limit, offset, list_back);
}

/* One answer for what never was and what is another's. */
static void refuse_unknown(Request *rq)
{
    respond_detail(rq, 404, S("Notification not found"));
}

static void mark_back(Request *rq, Errand *e)
{
    if (e->call.st == ST_OK)
        respond_json(rq, 200, S("{\"success\":true}"));
    else if (e->call.st == ST_NOT_FOUND)
        refuse_unknown(rq);
    else
        respond_status(rq, e->call.st, &e->call.err);
}

void expiry_mark_read(Request *rq)
{
    Uuid id;

    if (uuid_parse(rq->params[0], &id))
        feed_mark_read(rq, rq->token_user, id, mark_back);
    else
        refuse_unknown(rq);
}
