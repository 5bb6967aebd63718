#include "app/admin/page.h"

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
