/* sweep.c: MESSAGES -> EVENTS -> AUDIT -> SESSIONS -> done; a step does one bite of one stage.
 *
 * Positions of a feed are never given twice: before an inbox row goes, its position becomes the user's
 * floor (see the schema at end_user).
 *
 * The newest event stays whatever its age: numbers are the highest plus one, and a message whose event is
 * gone must not point to another one that got its number. */
#include "domain/retention/sweep.h"

enum { STAGE_MESSAGES, STAGE_EVENTS, STAGE_AUDIT, STAGE_SESSIONS, STAGE_END };
enum { BITE_BYTES_MAX = 1024 * 1024, IDLE_LAG_MS = 10 * 60 * 1000 };

void sweep_again(Sweep *s)
{
    s->_stage = STAGE_MESSAGES;
    s->gone = (SweepCounts){0};
    s->done = false;
}

void sweep_round(Sweep *s)
{
    *s = (Sweep){0};
}

/* ---- messages with their place in the one inbox that holds them ---- */

static Status drop_message(StoreTx *tx, const Rows *rows, uint32_t i, Err *err)
{
    int64_t no = rows_int(rows, i, 0), tenant = rows_int(rows, i, 1), user = rows_int(rows, i, 2);
    Status st = tx_run(tx, "UPDATE end_user SET seq_floor = $1 WHERE no = $2 AND seq_floor < $1",
                       VALUES(value_int(rows_int(rows, i, 4)), value_int(user)), NULL, err);
    if (st == ST_OK)
        st = tx_run(tx, "DELETE FROM inbox WHERE tenant = $1 AND end_user = $2 AND message = $3",
                    VALUES(value_int(tenant), value_int(user), value_int(no)), NULL, err);
    if (st == ST_OK)
        st = tx_run(tx, "DELETE FROM message WHERE no = $1", VALUES(value_int(no)), NULL, err);
    return st;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool message_is_due(const Rows *rows, uint32_t i, const SweepLimits *limits)
{
    int64_t created_ms = rows_int(rows, i, 3);
    bool in_inbox = rows_at(rows, i, 4).kind != VALUE_NULL;
    bool is_read = rows_at(rows, i, 5).kind != VALUE_NULL;
    if (!in_inbox) return true; /* nobody refers to it, and the walk says it is old */
    return created_ms < (is_read ? limits->read_before_ms : limits->unread_before_ms);
}

static Status bite_messages(StoreTx *tx, Sweep *s, const SweepLimits *limits, Rows *rows,
                            bool *ret_all, Err *err)
{
    int64_t horizon_ms = later(limits->read_before_ms, limits->unread_before_ms);
    Status st = ST_OK;
    for (uint32_t i = 0; i < rows->count; i++) {
        *ret_all = rows_int(rows, i, 3) >= horizon_ms; /* so is everything behind it */
        if (*ret_all) return ST_OK;
        if (message_is_due(rows, i, limits)) {
            st = drop_message(tx, rows, i, err);
            if (st != ST_OK) return st;
            s->gone.notifications++;
        }
        s->_message_no = rows_int(rows, i, 0);
    }
    *ret_all = rows->count < SWEEP_ROWS;
    return ST_OK;
}

static Status sweep_messages(StoreTx *tx, Sweep *s, const SweepLimits *limits, Arena *arena,
                             bool *ret_all, Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT m.no, m.tenant, m.end_user, m.created_ms, i.seq, i.read_ms "
                         "FROM message m LEFT JOIN inbox i ON i.tenant = m.tenant "
                         "AND i.end_user = m.end_user AND i.message = m.no "
                         "WHERE m.no > $1 ORDER BY m.no LIMIT $2",
                         VALUES(value_int(s->_message_no), value_int(SWEEP_ROWS)), arena, &rows,
                         err);
    return st == ST_OK ? bite_messages(tx, s, limits, &rows, ret_all, err) : st;
}

/* ---- events with their deliveries ---- */

static Status drop_event(StoreTx *tx, int64_t no, int64_t tenant, Err *err)
{
    Status st = tx_run(tx, "DELETE FROM delivery WHERE tenant = $1 AND event = $2",
                       VALUES(value_int(tenant), value_int(no)), NULL, err);
    if (st == ST_OK)
        st = tx_run(tx, "DELETE FROM attempt WHERE tenant = $1 AND event = $2",
                    VALUES(value_int(tenant), value_int(no)), NULL, err);
    if (st == ST_OK)
        st = tx_run(tx, "DELETE FROM report WHERE tenant = $1 AND event = $2",
                    VALUES(value_int(tenant), value_int(no)), NULL, err);
    if (st == ST_OK)
        st = tx_run(tx, "DELETE FROM event WHERE no = $1", VALUES(value_int(no)), NULL, err);
    return st;
}

static Status bite_events(StoreTx *tx, Sweep *s, const SweepLimits *limits, const Rows *rows,
                          bool *ret_all, Err *err)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        *ret_all = rows_int(rows, i, 2) >= limits->logs_before_ms;
        if (*ret_all) return ST_OK;
        if (rows_int(rows, i, 3) == 0) {
            Status st = drop_event(tx, rows_int(rows, i, 0), rows_int(rows, i, 1), err);
            if (st != ST_OK) return st;
            s->gone.events++;
        }
        s->_event_no = rows_int(rows, i, 0);
    }
    *ret_all = rows->count < SWEEP_ROWS;
    return ST_OK;
}

/* 0 and 4: PENDING and RETRYING, what the queue holds. */
static Status sweep_events(StoreTx *tx, Sweep *s, const SweepLimits *limits, Arena *arena,
                           bool *ret_all, Err *err)
{
    _Static_assert(DELIVERY_PENDING == 0 && DELIVERY_RETRYING == 4, "the statuses below");
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT e.no, e.tenant, e.created_ms, (SELECT COUNT(*) FROM delivery d "
                         "WHERE d.tenant = e.tenant AND d.event = e.no AND d.status IN (0, 4)) "
                         "FROM event e WHERE e.no > $1 AND e.no < (SELECT MAX(no) FROM event) "
                         "ORDER BY e.no LIMIT $2",
                         VALUES(value_int(s->_event_no), value_int(SWEEP_ROWS)), arena, &rows, err);
    return st == ST_OK ? bite_events(tx, s, limits, &rows, ret_all, err) : st;
}

/* ---- audit, sessions ---- */

static Status sweep_audit(StoreTx *tx, Sweep *s, const SweepLimits *limits, Arena *arena,
                          bool *ret_all, Err *err)
{
    Rows rows;
    uint32_t due = 0;
    int64_t gone = 0;
    Status st = tx_query(tx, "SELECT no, at_ms FROM audit ORDER BY no LIMIT $1",
                         VALUES(value_int(SWEEP_ROWS)), arena, &rows, err);
    if (st != ST_OK) return st;
    while (due < rows.count && rows_int(&rows, due, 1) < limits->audit_before_ms) due++;
    *ret_all = due < SWEEP_ROWS;
    if (due == 0) return ST_OK;
    st = tx_run(tx, "DELETE FROM audit WHERE no <= $1",
                VALUES(value_int(rows_int(&rows, due - 1, 0))), &gone, err);
    if (st == ST_OK) s->gone.audit += (uint64_t)gone;
    return st;
}

/* A small table (SESSIONS_MAX). What it says of idle time lags behind by minutes. */
static Status sweep_sessions(StoreTx *tx, Sweep *s, const SweepLimits *limits, Err *err)
{
    int64_t gone = 0;
    Status st = tx_run(tx,
                       "DELETE FROM admin_session WHERE id_hash IN (SELECT id_hash FROM "
                       "admin_session WHERE expires_ms <= $1 OR idle_until_ms <= $2 LIMIT $3)",
                       VALUES(value_int(limits->now_ms), value_int(limits->now_ms - IDLE_LAG_MS),
                              value_int(SWEEP_ROWS)),
                       &gone, err);
    if (st == ST_OK) s->gone.sessions += (uint64_t)gone;
    return st;
}

static Status run_stage(StoreTx *tx, Sweep *s, const SweepLimits *limits, Arena *arena,
                        bool *ret_all, Err *err)
{
    switch (s->_stage) {
    case STAGE_MESSAGES:
        if (!limits->read_before_ms && !limits->unread_before_ms) return ST_OK;
        return sweep_messages(tx, s, limits, arena, ret_all, err);
    case STAGE_EVENTS:
        return limits->logs_before_ms ? sweep_events(tx, s, limits, arena, ret_all, err) : ST_OK;
    case STAGE_AUDIT:
        return limits->audit_before_ms ? sweep_audit(tx, s, limits, arena, ret_all, err) : ST_OK;
    case STAGE_SESSIONS:
        return sweep_sessions(tx, s, limits, err);
    }
    return ST_OK;
}

Status sweep_step(StoreTx *tx, Sweep *s, const SweepLimits *limits, Err *err)
{
    Arena arena;
    bool all = true;
    arena_init(&arena, BITE_BYTES_MAX);
    Status st = run_stage(tx, s, limits, &arena, &all, err);
    if (st == ST_OK && all) s->_stage++;
    s->done = s->_stage == STAGE_END;
    arena_done(&arena);
    return st;
}
