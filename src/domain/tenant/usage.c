#include "domain/tenant/usage.h"

#include "base/limits.h"

enum { USAGE_PAGE = 1000 };

static const char sql_page[] =
    "SELECT t.no, u.accepted FROM tenant t JOIN usage_day u ON u.tenant = t.no AND u.day = $1 "
    "WHERE t.no > $2 ORDER BY t.no LIMIT $3";

static Status restore_page(StoreTx *tx, Limiter *limiter, uint32_t day, int64_t *after_no,
                           bool *ret_more, Err *err)
{
    Arena page;
    Rows rows;
    arena_init(&page, MIB(1));
    Status st = tx_query(tx, sql_page,
                         VALUES(value_int(day), value_int(*after_no), value_int(USAGE_PAGE)), &page,
                         &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++) {
        *after_no = rows_int(&rows, i, 0);
        limiter_restore(limiter, (uint32_t)*after_no, day, (uint64_t)rows_int(&rows, i, 1));
    }
    *ret_more = st == ST_OK && rows.count == USAGE_PAGE;
    arena_done(&page);
    return st;
}

Status usage_restore(StoreTx *tx, Limiter *limiter, int64_t now_ms, Err *err)
{
    uint32_t day = utc_day(now_ms);
    int64_t after_no = 0;
    bool more = true;
    Status st = ST_OK;
    while (more && st == ST_OK) st = restore_page(tx, limiter, day, &after_no, &more, err);
    return st;
}
