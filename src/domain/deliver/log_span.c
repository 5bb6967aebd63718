#include "domain/deliver/log_span.h"

#include "base/limits.h"

/* The first event from that number on; *ret_no is INT64_MAX when there is none. */
static Status event_from(StoreTx *tx, int64_t no, Arena *arena, int64_t *ret_no,
                         int64_t *ret_created_ms, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, "SELECT no, created_ms FROM event WHERE no >= $1 ORDER BY no LIMIT 1",
                         VALUES(value_int(no)), arena, &rows, err);
    if (st != ST_OK) return st;
    *ret_no = rows.count ? rows_int(&rows, 0, 0) : INT64_MAX;
    *ret_created_ms = rows.count ? rows_int(&rows, 0, 1) : INT64_MAX;
    return ST_OK;
}

static Status newest(StoreTx *tx, Arena *arena, int64_t *ret_no, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, "SELECT MAX(no) FROM event", NO_VALUES, arena, &rows, err);
    if (st == ST_OK) *ret_no = rows_int(&rows, 0, 0);
    return st;
}

/* The lowest number from which on events are at_ms or younger. Numbers below low are older, those from
 * high on are not; gaps are stepped over, so each turn halves what lies between. */
static Status bisect(StoreTx *tx, int64_t at_ms, Arena *arena, int64_t *ret_no, Err *err)
{
    int64_t low = 0, high = 0, no = 0, created_ms = 0;
    Status st = newest(tx, arena, &high, err);
    high++;
    while (st == ST_OK && low < high) {
        int64_t middle = low + (high - low) / 2;
        st = event_from(tx, middle, arena, &no, &created_ms, err);
        if (st == ST_OK && created_ms < at_ms)
            low = no + 1;
        else
            high = middle;
    }
    if (st == ST_OK) *ret_no = low;
    return st;
}

Status log_span(StoreTx *tx, int64_t from_ms, int64_t to_ms, Arena *arena, LogSpan *ret_span,
                Err *err)
{
    LogSpan span = {0, INT64_MAX};
    Status st = ST_OK;
    if (from_ms > LOG_CLOCK_SLACK_MS)
        st = bisect(tx, from_ms - LOG_CLOCK_SLACK_MS, arena, &span.first_no, err);
    if (st == ST_OK && to_ms < INT64_MAX - LOG_CLOCK_SLACK_MS)
        st = bisect(tx, to_ms + LOG_CLOCK_SLACK_MS + 1, arena, &span.end_no, err);
    if (st == ST_OK) *ret_span = span;
    return st;
}
