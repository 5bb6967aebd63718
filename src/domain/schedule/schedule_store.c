/* Invariant: scheduled_count says of every tenant how many rows it has in `scheduled`; whatever deletes rows
 * here takes as many from it, in the same transaction. */
#include "domain/schedule/schedule_store.h"

/* ---- what is due ---- */

/* Numbers first, from the index alone: a body may have a MiB, and how many fit is known only while reading. */
static const char sql_due[] = "SELECT no, due_ms FROM scheduled WHERE due_ms IS NOT NULL "
                              "ORDER BY due_ms, send_at_ms, no LIMIT $1";
static const char sql_one[] =
    "SELECT s.tenant, t.id, s.id, s.type, s.trace_id, s.body, s.send_at_ms, s.due_ms, "
    "s.created_ms FROM scheduled s LEFT JOIN tenant t ON t.no = s.tenant WHERE s.no = $1";

static Status read_one(StoreTx *tx, int64_t no, Arena *arena, DueEvent *ret_event, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, sql_one, VALUES(value_int(no)), arena, &rows, err);

    if (st != ST_OK) return st;
    CHECK(rows.count == 1); /* the same transaction has just seen it */
    DueEvent e = {.no = no,
                  .tenant_no = (uint32_t)rows_int(&rows, 0, 0),
                  .event_id = rows_text(&rows, 0, 2),
                  .event_type = rows_text(&rows, 0, 3),
                  .trace_id = rows_text(&rows, 0, 4),
                  .body = rows_text(&rows, 0, 5),
                  .send_at_ms = rows_int(&rows, 0, 6),
                  .due_ms = rows_int(&rows, 0, 7),
                  .created_ms = rows_int(&rows, 0, 8)};
    Str id = rows_text(&rows, 0, 1);
    if (id.len == sizeof e.tenant_id.at) memcpy(e.tenant_id.at, id.at, id.len);
    if (!e.trace_id.at) e.trace_id = S("");
    *ret_event = e;
    return ST_OK;
}

Status schedule_due(StoreTx *tx, int64_t now_ms, Arena *arena, DueEvents *ret_due, Err *err)
{
    Rows rows;
    size_t bodies = 0;
    uint32_t i = 0;
    Status st = tx_query(tx, sql_due, VALUES(value_int(SCHEDULE_ROUND + 1)), arena, &rows, err);

    ret_due->count = 0;
    for (; st == ST_OK && i < rows.count; i++) {
        bool full = i == SCHEDULE_ROUND || bodies >= SCHEDULE_BODIES_MAX;
        if (full || rows_int(&rows, i, 1) > now_ms) break;
        st = read_one(tx, rows_int(&rows, i, 0), arena, &ret_due->at[i], err);
        bodies += st == ST_OK ? ret_due->at[i].body.len : 0;
    }
    if (st != ST_OK) return st;
    ret_due->count = i;
    ret_due->next_ms = i < rows.count ? rows_int(&rows, i, 1) : SCHEDULE_NEVER;
    return ST_OK;
}

Status schedule_count(StoreTx *tx, int64_t *ret_waiting, Err *err)
{
    Arena arena;
    Rows rows;

    arena_init(&arena, 4 * ARENA_CHUNK_BYTES);
    Status st = tx_query(tx, "SELECT coalesce(sum(waiting), 0) FROM scheduled_count", NO_VALUES,
                         &arena, &rows, err);
    if (st == ST_OK) *ret_waiting = rows_int(&rows, 0, 0);
    arena_done(&arena);
    return st;
}

/* ---- what cannot fire ---- */

Status schedule_hold(StoreTx *tx, const DueEvent *due, bool *ret_held, Err *err)
{
    int64_t count = 0;
    Status st = tx_run(tx,
                       "UPDATE scheduled SET due_ms = NULL WHERE no = $1 AND NOT EXISTS "
                       "(SELECT 1 FROM tenant t WHERE t.no = $2 AND t.active = 1)",
                       VALUES(value_int(due->no), value_int(due->tenant_no)), &count, err);

    if (st == ST_OK) *ret_held = count > 0;
    return st;
}

Status schedule_release(StoreTx *tx, uint32_t tenant_no, int64_t now_ms, Err *err)
{
    return tx_run(tx, "UPDATE scheduled SET due_ms = $1 WHERE tenant = $2 AND due_ms IS NULL",
                  VALUES(value_int(now_ms), value_int(tenant_no)), NULL, err);
}

static Status count_less(StoreTx *tx, uint32_t tenant_no, int64_t count, Err *err)
{
    if (count == 0) return ST_OK;
    return tx_run(tx, "UPDATE scheduled_count SET waiting = waiting - $1 WHERE tenant = $2",
                  VALUES(value_int(count), value_int(tenant_no)), NULL, err);
}

Status schedule_drop(StoreTx *tx, const DueEvent *due, bool *ret_dropped, Err *err)
{
    int64_t count = 0;
    Status st = tx_run(tx, "DELETE FROM scheduled WHERE no = $1", VALUES(value_int(due->no)),
                       &count, err);

    if (st == ST_OK) st = count_less(tx, due->tenant_no, count, err);
    if (st == ST_OK) *ret_dropped = count > 0;
    return st;
}

/* ---- taking back ---- */

Status schedule_cancel(StoreTx *tx, uint32_t tenant_no, Str event_id, int64_t *ret_count, Err *err)
{
    int64_t count = 0;
    Status st = tx_run(tx, "DELETE FROM scheduled WHERE tenant = $1 AND id = $2",
                       VALUES(value_int(tenant_no), value_text(event_id)), &count, err);

    if (st == ST_OK) st = count_less(tx, tenant_no, count, err);
    if (st == ST_OK) *ret_count = count;
    return st;
}

Status schedule_forget_user(StoreTx *tx, uint32_t tenant_no, Str user_id, uint32_t limit,
                            int64_t *ret_count, Err *err)
{
    int64_t count = 0;
    Status st = tx_run(tx,
                       "DELETE FROM scheduled WHERE no IN (SELECT no FROM scheduled WHERE "
                       "tenant = $1 AND end_user = $2 LIMIT $3)",
                       VALUES(value_int(tenant_no), value_text(user_id), value_int(limit)), &count,
                       err);

    if (st == ST_OK) st = count_less(tx, tenant_no, count, err);
    if (st == ST_OK) *ret_count = count;
    return st;
}

/* ---- looking ---- */

#define SELECT                                                                                     \
    "SELECT no, id, type, end_user, trace_id, send_at_ms, created_ms, due_ms IS NULL "             \
    "FROM scheduled WHERE tenant = $1 AND "

static ScheduledRow row_of(const Rows *rows, uint32_t i)
{
    return (ScheduledRow){.no = rows_int(rows, i, 0),
                          .event_id = rows_text(rows, i, 1),
                          .event_type = rows_text(rows, i, 2),
                          .user_id = rows_text(rows, i, 3),
                          .trace_id = rows_text(rows, i, 4),
                          .send_at_ms = rows_int(rows, i, 5),
                          .created_ms = rows_int(rows, i, 6),
                          .held = rows_int(rows, i, 7) != 0};
}

Status schedule_page(StoreTx *tx, uint32_t tenant_no, ScheduleCursor after, uint32_t limit,
                     Arena *arena, ScheduledRows *ret_rows, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, SELECT "(send_at_ms, no) > ($2, $3) ORDER BY send_at_ms, no LIMIT $4",
                         VALUES(value_int(tenant_no), value_int(after.send_at_ms),
                                value_int(after.no), value_int(limit)),
                         arena, &rows, err);

    if (st != ST_OK) return st;
    ScheduledRow *at = arena_try(arena, (rows.count + 1) * sizeof *at);
    if (!at) return err_set(err, ST_TOO_BIG, "limit is too large");
    for (uint32_t i = 0; i < rows.count; i++) at[i] = row_of(&rows, i);
    *ret_rows = (ScheduledRows){at, rows.count};
    return ST_OK;
}

Status schedule_read(StoreTx *tx, uint32_t tenant_no, Str event_id, Arena *arena,
                     ScheduledRow *ret_row, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, SELECT "id = $2 ORDER BY send_at_ms, no LIMIT 1",
                         VALUES(value_int(tenant_no), value_text(event_id)), arena, &rows, err);

    if (st == ST_OK && rows.count == 0) return err_set(err, ST_NOT_FOUND, "Event not found");
    if (st == ST_OK) *ret_row = row_of(&rows, 0);
    return st;
}
