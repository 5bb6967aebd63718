/* POST /api/v1/realtime/history: a page of a channel's stream, from the store for a user's feed, otherwise from the
 * recent windows. Unlike a client's page it is bound by the size of an answer alone. */
#include "app/api/realtime_body.h"
#include "app/app.h"
#include "app/errand.h"
#include "app/http/router.h"
#include "base/limits.h"
#include "domain/realtime/channel.h"
#include "domain/realtime/recent.h"

typedef struct Page { /* what is asked; in the request's arena */
    Str channel;
    ChannelName name;
    uint64_t since, epoch; /* 0; EPOCH_ANY */
    uint32_t limit;
    bool reverse;
} Page;

/* ---- the answer ---- */

static void put_info(Buf *out, const CfClientInfo *info)
{
    if (!info) return;
    buf_lit(out, ",\"info\":");
    realtime_put_client(out, info);
}

static void put_item(Buf *out, bool first, const CfPublication *p)
{
    if (!first) buf_lit(out, ",");
    buf_lit(out, "{\"data\":");
    buf_add(out, p->data);
    buf_lit(out, ",\"offset\":");
    buf_add_u64(out, p->offset);
    put_info(out, p->info);
    buf_lit(out, "}");
}

static void begin_page(Buf *out)
{
    buf_init(out, HTTP_RESPONSE_MAX / 2);
    buf_lit(out, "{\"publications\":[");
}

static void end_page(Request *rq, Buf *out, uint64_t top, uint64_t epoch)
{
    char text[EPOCH_TEXT_LEN];
    buf_lit(out, "],\"epoch\":\"");
    buf_add(out, epoch_text(epoch, text));
    buf_lit(out, "\",\"offset\":");
    buf_add_u64(out, top);
    buf_lit(out, "}");
    realtime_result(rq, out);
    buf_done(out);
}

/* ---- from the store ---- */

static void store_back(Request *rq, Errand *e)
{
    const Page *page = e->extra;
    const StreamCall *s = &e->stream;
    Buf out;
    if (s->call.st != ST_OK) {
        respond_status(rq, s->call.st, &s->call.err);
    } else if (!epoch_fits(page->epoch, s->ret_epoch)) {
        realtime_refuse(rq, CF_ERR_UNRECOVERABLE, "");
    } else {
        begin_page(&out);
        for (uint32_t i = 0; i < s->ret_count; i++)
            put_item(&out, i == 0,
                     &(CfPublication){.data = s->ret_items[i].data, .offset = s->ret_items[i].seq});
        end_page(rq, &out, s->ret_top, s->ret_epoch);
    }
}

static void ask_store(Request *rq, Page *page)
{
    Errand *e = errand_new(rq, store_back);
    e->extra = page;
    e->stream = (StreamCall){.tenant_no = rq->tenant->no,
                             .user_id = page->name.users,
                             .channel = page->name.name,
                             .since = page->since < INT64_MAX ? page->since : INT64_MAX,
                             .reverse = page->reverse,
                             .limit = page->limit,
                             .arena = &rq->arena};
    (void)errand_send(e, STORE_STREAM);
}

/* ---- from memory ---- */

static void ask_memory(Request *rq, const Page *page)
{
    RecentQuery query = {page->since, page->limit, page->reverse};
    RecentPage found;
    Buf out;
    if (recent_read(rq->lane->app->recent, rq->tenant->no, page->channel, &query,
                    (int64_t)rq->lane->loop->mono_ms, &rq->arena, &found) != ST_OK) {
        realtime_refuse(rq, CF_ERR_LIMIT_EXCEEDED, "the answer is too large; ask for less");
    } else if (!epoch_fits(page->epoch, found.top.epoch)) {
        realtime_refuse(rq, CF_ERR_UNRECOVERABLE, "");
    } else {
        begin_page(&out);
        for (uint32_t i = 0; i < found.count; i++) put_item(&out, i == 0, &found.publications[i]);
        end_page(rq, &out, found.top.offset, found.top.epoch);
    }
}

/* ---- the question ---- */

static bool whole_number(const Json *j, JsonRef object, Str name, int64_t *value)
{
    JsonRef at = json_get(j, object, name);
    return at == JSON_NONE || json_is(j, at, JSON_NULL) || json_i64(j, at, value);
}

static bool read_since(Request *rq, const Json *j, Page *page, const char **ret_detail)
{
    JsonRef since = json_get(j, 0, S("since"));
    int64_t offset = 0;
    Str epoch = S("");
    if (since == JSON_NONE || json_is(j, since, JSON_NULL)) return true;
    *ret_detail = "since must be {\"offset\":number,\"epoch\":string}";
    if (!json_is(j, since, JSON_OBJECT)) return false;
    JsonRef at = json_get(j, since, S("epoch"));
    if (at != JSON_NONE && !json_string(j, at, &rq->arena, &epoch)) return false;
    if (!whole_number(j, since, S("offset"), &offset) || offset < 0) return false;
    page->since = (uint64_t)offset;
    page->epoch = epoch_parse(epoch);
    *ret_detail = "with reverse, since.offset must be above 0";
    return offset > 0 || !page->reverse;
}

static bool read_page(Request *rq, const Json *j, Page *page, const char **ret_detail)
{
    int64_t limit = 0;
    if (!realtime_text(rq, j, S("channel"), CHANNEL_NAME_MAX, &page->channel, ret_detail))
        return false;
    *ret_detail = "a channel's name holds no control characters";
    if (!channel_is_sane(page->channel)) return false;
    page->name = channel_read(rq->tenant, page->channel);
    page->reverse = realtime_flag(j, S("reverse"));
    *ret_detail = "limit must be a whole number: 0 for the position alone, -1 for all";
    if (!whole_number(j, 0, S("limit"), &limit)) return false;
    page->limit = limit < 0 || limit > REALTIME_HISTORY_MAX ? REALTIME_HISTORY_MAX
                                                            : (uint32_t)limit;
    return read_since(rq, j, page, ret_detail);
}

void realtime_history(Request *rq)
{
    Json j;
    const char *detail = "";
    Page *page = arena_new(&rq->arena, Page);
    if (!realtime_body(rq, &j)) return;
    if (!read_page(rq, &j, page, &detail))
        realtime_refuse(rq, CF_ERR_BAD_REQUEST, detail);
    else if (page->name.kind == CHANNEL_STATE)
        realtime_refuse(rq, CF_ERR_NOT_AVAILABLE, "this channel has no past");
    else if (page->name.kind == CHANNEL_STREAM)
        ask_store(rq, page);
    else
        ask_memory(rq, page);
}
