#include "app/admin/page.h"

#include "base/isotime.h"
#include "port/channel.h"

static void refuse(Request *rq, Str sentence)
{
    Problems problems = {.count = 0};
    problems_add(&problems, sentence);
    respond_problems(rq, &problems);
}

void page_refuse_cursor(Request *rq)
{
    refuse(rq, S("cursor must be the nextCursor of an earlier page"));
}

bool page_read(Request *rq, Page *ret_page)
{
    Str text;
    uint64_t limit = PAGE_LIMIT_DEFAULT;
    Page page = {0};
    if (request_query(rq, S("limit"), &text) && (!str_to_u64(text, &limit) || limit == 0)) {
        refuse(rq, S("limit must be a positive integer"));
        return false;
    }
    page.limit = limit < PAGE_LIMIT_MAX ? (uint32_t)limit : PAGE_LIMIT_MAX;
    if (request_query(rq, S("cursor"), &text) && text.len) page.cursor = text;
    *ret_page = page;
    return true;
}

void page_time(Request *rq, const char *name, Problems *problems, int64_t *ret_unix_ms)
{
    Str text;
    if (request_query(rq, str_of(name), &text) && !iso_parse(text, ret_unix_ms))
        problems_add(problems,
                     arena_format(&rq->arena, "%s must be an ISO 8601 date string", name));
}

void page_sent_channel(Request *rq, Problems *problems, int *ret_channel)
{
    Str text;
    Channel channel;
    if (!request_query(rq, S("channel"), &text)) return;
    if (channel_parse(text, &channel) && channel != CHANNEL_PUSH)
        *ret_channel = (int)channel;
    else
        problems_add(problems, S("channel must be one of the following values: EMAIL, SMS"));
}
