/* erase_user.c: events have no index by user (an accept would pay for it), so they are visited once, in
 * ranges of their numbers; the inbox is clustered by user. The step that finds neither deletes the
 * user's row in the same transaction, so nothing can slip in between. */
#include "domain/tenant/erase_user.h"

#include "domain/schedule/schedule_store.h"

enum { LOOK_EVENTS = 10000, ERASE_ROWS = 500, ROWS_BYTES_MAX = 256 * 1024 };

static Status one_number(StoreTx *tx, const char *sql, const Value *values, int count,
                         int64_t *ret_number, Err *err)
{
    Arena arena;
    Rows rows;
    arena_init(&arena, 4 * ARENA_CHUNK_BYTES);
    Status st = tx_query(tx, sql, values, count, &arena, &rows, err);
    if (st == ST_OK) *ret_number = rows.count ? rows_int(&rows, 0, 0) : 0;
    arena_done(&arena);
    return st;
}

/* The next range of event numbers that holds at most ERASE_ROWS of the user's. */
static Status choose_range(StoreTx *tx, const EraseUser *erase, int64_t user_no, int64_t *ret_to,
                           Err *err)
{
    Arena arena;
    Rows rows;
    int64_t to = erase->_event_no + LOOK_EVENTS;
    arena_init(&arena, ROWS_BYTES_MAX);
    Status st = tx_query(tx,
                         "SELECT no FROM event WHERE no > $1 AND no <= $2 AND tenant = $3 AND "
                         "end_user = $4 ORDER BY no LIMIT $5",
                         VALUES(value_int(erase->_event_no), value_int(to),
                                value_int(erase->tenant_no), value_int(user_no),
                                value_int(ERASE_ROWS)),
                         &arena, &rows, err);
    if (st == ST_OK) *ret_to = rows.count == ERASE_ROWS ? rows_int(&rows, ERASE_ROWS - 1, 0) : to;
    arena_done(&arena);
    return st;
}

/* Those that are known to be his, and those of the addresses he was written to. */
static Status erase_suppressions(StoreTx *tx, const EraseUser *erase, int64_t user_no, int64_t to,
                                 Err *err)
{
    Status st = tx_run(tx, "DELETE FROM suppression WHERE tenant = $1 AND end_user = $2",
                       VALUES(value_int(erase->tenant_no), value_int(user_no)), NULL, err);
    if (st != ST_OK) return st;
    return tx_run(
        tx,
        "DELETE FROM suppression WHERE tenant = $1 AND (channel, address) IN (SELECT d.channel, "
        "CASE d.channel WHEN 0 THEN LOWER(d.recipient) ELSE d.recipient END FROM delivery d "
        "JOIN event e ON e.no = d.event WHERE d.tenant = $1 AND e.no > $2 AND e.no <= $3 AND "
        "e.tenant = $1 AND e.end_user = $4)",
        VALUES(value_int(erase->tenant_no), value_int(erase->_event_no), value_int(to),
               value_int(user_no)),
        NULL, err);
}

static Status erase_events(StoreTx *tx, EraseUser *erase, int64_t user_no, bool *ret_all, Err *err)
{
    int64_t newest = 0, to = 0, changed = 0;
    Status st = choose_range(tx, erase, user_no, &to, err);
    if (st == ST_OK)
        st = tx_run(tx,
                    "DELETE FROM attempt WHERE tenant = $1 AND event IN (SELECT no FROM event "
                    "WHERE no > $2 AND no <= $3 AND tenant = $1 AND end_user = $4)",
                    VALUES(value_int(erase->tenant_no), value_int(erase->_event_no), value_int(to),
                           value_int(user_no)),
                    NULL, err);
    if (st == ST_OK)
        st = tx_run(tx,
                    "DELETE FROM report WHERE tenant = $1 AND event IN (SELECT no FROM event "
                    "WHERE no > $2 AND no <= $3 AND tenant = $1 AND end_user = $4)",
                    VALUES(value_int(erase->tenant_no), value_int(erase->_event_no), value_int(to),
                           value_int(user_no)),
                    NULL, err);
    if (st == ST_OK) st = erase_suppressions(tx, erase, user_no, to, err);
    if (st == ST_OK)
        st = tx_run(tx,
                    "DELETE FROM delivery WHERE tenant = $1 AND event IN (SELECT no FROM event "
                    "WHERE no > $2 AND no <= $3 AND tenant = $1 AND end_user = $4)",
                    VALUES(value_int(erase->tenant_no), value_int(erase->_event_no), value_int(to),
                           value_int(user_no)),
                    NULL, err);
    if (st == ST_OK)
        st = tx_run(
            tx, "DELETE FROM event WHERE no > $1 AND no <= $2 AND tenant = $3 AND end_user = $4",
            VALUES(value_int(erase->_event_no), value_int(to), value_int(erase->tenant_no),
                   value_int(user_no)),
            &changed, err);
    /* Asked last: when the newest event went, its number is given again. */
    if (st == ST_OK) st = one_number(tx, "SELECT MAX(no) FROM event", NO_VALUES, &newest, err);
    if (st != ST_OK) return st;
    erase->events += (uint64_t)changed;
    erase->_event_no = to < newest ? to : newest;
    *ret_all = to >= newest;
    return ST_OK;
}

/* A message that others read too stays, without this reader. */
static Status erase_inbox(StoreTx *tx, EraseUser *erase, int64_t user_no, bool *ret_all, Err *err)
{
    int64_t changed = 0;
    const Value values[] = {value_int(erase->tenant_no), value_int(user_no), value_int(ERASE_ROWS)};
    Status st = tx_run(tx,
                       "DELETE FROM message WHERE no IN (SELECT message FROM inbox WHERE tenant = "
                       "$1 AND end_user = $2 ORDER BY message LIMIT $3) AND end_user = $2",
                       values, 3, NULL, err);
    if (st == ST_OK)
        st = tx_run(tx,
                    "DELETE FROM inbox WHERE tenant = $1 AND end_user = $2 AND message IN (SELECT "
                    "message FROM inbox WHERE tenant = $1 AND end_user = $2 ORDER BY message LIMIT "
                    "$3)",
                    values, 3, &changed, err);
    if (st != ST_OK) return st;
    erase->notifications += (uint64_t)changed;
    *ret_all = changed < ERASE_ROWS;
    return ST_OK;
}

/* What waits first: nothing of it may fire into what has been erased already. */
static Status erase_schedules(StoreTx *tx, EraseUser *erase, bool *ret_all, Err *err)
{
    int64_t count = 0;
    Status st = schedule_forget_user(tx, erase->tenant_no, erase->user_id, ERASE_ROWS, &count, err);

    if (st != ST_OK) return st;
    erase->schedules += (uint64_t)count;
    erase->events += (uint64_t)count;
    *ret_all = count < ERASE_ROWS;
    return ST_OK;
}

static Status erase_known(StoreTx *tx, EraseUser *erase, int64_t user_no, bool *ret_all, Err *err)
{
    Status st = erase_events(tx, erase, user_no, ret_all, err);

    if (st == ST_OK && *ret_all) st = erase_inbox(tx, erase, user_no, ret_all, err);
    if (st == ST_OK && *ret_all)
        st = tx_run(tx, "DELETE FROM end_user WHERE no = $1", VALUES(value_int(user_no)), NULL,
                    err);
    return st;
}

Status erase_user_step(StoreTx *tx, EraseUser *erase, Err *err)
{
    int64_t user_no = 0;
    bool all = true;
    Status st = erase_schedules(tx, erase, &all, err);

    if (st == ST_OK)
        st = one_number(tx, "SELECT no FROM end_user WHERE tenant = $1 AND id = $2",
                        VALUES(value_int(erase->tenant_no), value_text(erase->user_id)), &user_no,
                        err);
    if (st == ST_OK && user_no && all) st = erase_known(tx, erase, user_no, &all, err);
    if (st == ST_OK) erase->done = all;
    return st;
}
