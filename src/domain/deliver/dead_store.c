/* dead_store.c: the log's walk (log_store.c) over an index of its own. */
#include "domain/deliver/dead_store.h"

#include "base/limits.h"
#include "domain/deliver/report_store.h"

_Static_assert(DELIVERY_FAILED == 3 && CHANNEL_PUSH == 2, "the numbers below");

/* ---- a page ---- */

/* Where the walk ends: *ret_cut, if there is more below. */
static Status find_floor(StoreTx *tx, uint32_t tenant_no, LogCursor from, Arena *arena,
                         LogCursor *ret_floor, bool *ret_cut, Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT event, channel FROM delivery WHERE tenant = $1 AND status = 3 AND "
                         "(event, channel) < ($2, $3) ORDER BY event DESC, channel DESC "
                         "LIMIT 1 OFFSET $4",
                         VALUES(value_int(tenant_no), value_int(from.event_no),
                                value_int(from.channel), value_int(LOG_SCAN_MAX)),
                         arena, &rows, err);
    if (st != ST_OK) return st;
    *ret_cut = rows.count > 0;
    *ret_floor = (LogCursor){0, 0};
    if (rows.count) *ret_floor = (LogCursor){rows_int(&rows, 0, 0), (uint8_t)rows_int(&rows, 0, 1)};
    return ST_OK;
}

#define FROM                                                                                       \
    "SELECT d.id FROM delivery d JOIN event e ON e.no = d.event AND e.tenant = d.tenant "          \
    "LEFT JOIN end_user u ON u.no = e.end_user AND u.tenant = e.tenant "                           \
    "WHERE d.tenant = $1 AND d.status = 3 AND d.channel <> 2 "                                     \
    "AND (d.event, d.channel) < ($2, $3) AND (d.event, d.channel) >= ($4, $5) "                    \
    "AND d.channel BETWEEN $6 AND $7 AND e.created_ms BETWEEN $8 AND $9 "                          \
    "AND ($10 = '' OR e.type = $10) AND ($11 = '' OR d.cause = $11) "                              \
    "AND ($12 = '' OR u.id = $12) AND ($13 = '' OR d.provider = $13) "                             \
    "ORDER BY d.event DESC, d.channel DESC LIMIT $14"

static Value or_empty(Str text)
{
    return value_text(text.at ? text : S(""));
}

static Status read_ids(StoreTx *tx, uint32_t tenant_no, const DeadFilter *f, LogCursor from,
                       LogCursor floor, uint32_t limit, Arena *arena, Rows *ret_rows, Err *err)
{
    return tx_query(tx, FROM,
                    VALUES(value_int(tenant_no), value_int(from.event_no), value_int(from.channel),
                           value_int(floor.event_no), value_int(floor.channel),
                           value_int(f->channel == LOG_ANY ? 0 : f->channel),
                           value_int(f->channel == LOG_ANY ? CHANNEL_COUNT : f->channel),
                           value_int(f->from_ms), value_int(f->to_ms), or_empty(f->event_type),
                           or_empty(f->cause), or_empty(f->user_id), or_empty(f->provider),
                           value_int(limit)),
                    arena, ret_rows, err);
}

static Status read_rows(StoreTx *tx, uint32_t tenant_no, const Rows *ids, Arena *arena,
                        LogRows *ret_rows, Err *err)
{
    Status st = ST_OK;
    LogRow *at = arena_try(arena, sizeof *at * (ids->count + 1));
    if (!at) return err_set(err, ST_TOO_BIG, "the dead letters do not fit into memory");
    for (uint32_t i = 0; i < ids->count && st == ST_OK; i++) {
        Uuid id;
        memcpy(id.at, rows_text(ids, i, 0).at, sizeof id.at);
        st = log_read(tx, tenant_no, id, arena, &at[i], err);
    }
    if (st == ST_OK) *ret_rows = (LogRows){at, ids->count};
    return st;
}

Status dead_page(StoreTx *tx, uint32_t tenant_no, const DeadFilter *filter, LogCursor from,
                 uint32_t limit, Arena *arena, LogPage *ret_page, Err *err)
{
    LogPage page = {0};
    LogCursor floor;
    Rows ids;
    bool cut = false;
    Status st = find_floor(tx, tenant_no, from, arena, &floor, &cut, err);
    if (st == ST_OK) st = read_ids(tx, tenant_no, filter, from, floor, limit + 1, arena, &ids, err);
    if (st != ST_OK) return st;
    bool full = ids.count > limit;
    if (full) ids.count = limit;
    st = read_rows(tx, tenant_no, &ids, arena, &page.rows, err);
    if (st != ST_OK) return st;
    page.has_more = full || cut;
    page.next = floor;
    if (full) {
        const LogRow *last = &page.rows.at[page.rows.count - 1];
        page.next = (LogCursor){last->event_no, (uint8_t)last->channel};
    }
    *ret_page = page;
    return ST_OK;
}

/* ---- the summary ---- */

Status dead_summary(StoreTx *tx, uint32_t tenant_no, Arena *arena, DeadSummary *ret_summary,
                    Err *err)
{
    Rows rows;
    Status st = tx_query(
        tx,
        "SELECT s.channel, s.cause, COUNT(*), MAX(s.updated_ms) FROM (SELECT "
        "channel, cause, updated_ms FROM delivery WHERE tenant = $1 AND status = "
        "3 AND channel <> 2 ORDER BY event DESC, channel DESC LIMIT $2) s "
        "GROUP BY s.channel, s.cause ORDER BY 3 DESC, 4 DESC LIMIT $3",
        VALUES(value_int(tenant_no), value_int(LOG_SCAN_MAX), value_int(DEAD_CAUSES_MAX)), arena,
        &rows, err);
    if (st != ST_OK) return st;
    DeadCause *at = arena_try(arena, sizeof *at * (rows.count + 1));
    if (!at) return err_set(err, ST_TOO_BIG, "the causes do not fit into memory");
    for (uint32_t i = 0; i < rows.count; i++)
        at[i] = (DeadCause){.channel = (Channel)rows_int(&rows, i, 0),
                            .cause = rows_text(&rows, i, 1),
                            .count = rows_int(&rows, i, 2),
                            .newest_ms = rows_int(&rows, i, 3)};
    *ret_summary = (DeadSummary){at, rows.count};
    return ST_OK;
}

/* ---- what an operator does ---- */

Status dead_retry(StoreTx *tx, uint32_t tenant_no, const LogRow *row, int64_t now_ms,
                  bool *ret_retried, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(tx,
                       "UPDATE delivery SET status = 0, cause = NULL, due_ms = 0, retry_count = 0, "
                       "suppressed = 0, updated_ms = $1 WHERE tenant = $2 AND event = $3 AND "
                       "channel = $4 AND status = 3 AND claim = 0 AND recipient <> ''",
                       VALUES(value_int(now_ms), value_int(tenant_no), value_int(row->event_no),
                              value_int(row->channel)),
                       &changed, err);
    if (st == ST_OK && changed)
        st = reports_forget(tx, tenant_no, row->event_no, row->channel, err);
    if (st == ST_OK) *ret_retried = changed > 0;
    return st;
}

Status dead_purge(StoreTx *tx, uint32_t tenant_no, const LogRow *row, bool *ret_purged, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(
        tx,
        "DELETE FROM delivery WHERE tenant = $1 AND event = $2 AND channel = $3 "
        "AND status = 3 AND claim = 0",
        VALUES(value_int(tenant_no), value_int(row->event_no), value_int(row->channel)), &changed,
        err);
    if (st == ST_OK && changed)
        st = tx_run(tx, "DELETE FROM attempt WHERE tenant = $1 AND event = $2 AND channel = $3",
                    VALUES(value_int(tenant_no), value_int(row->event_no), value_int(row->channel)),
                    NULL, err);
    if (st == ST_OK && changed)
        st = reports_forget(tx, tenant_no, row->event_no, row->channel, err);
    if (st == ST_OK) *ret_purged = changed > 0;
    return st;
}
