/* A user's feed by position. Positions have no index of their own: a feed's rows lie in the order of their
 * positions, each at most once, so what lies after one of them is among as many of the newest rows, and a
 * client that was away for a moment costs what it missed. A page further back walks over what is newer. */
#include "driver/store/sqlite_epoch.h"
#include "driver/store/sqlite_hot.h"

static const char sql_position[] =
    "SELECT u.no, u.seq_floor, ifnull((SELECT i.seq FROM inbox i WHERE i.tenant = u.tenant AND "
    "i.end_user = u.no ORDER BY i.message DESC LIMIT 1), 0) "
    "FROM end_user u WHERE u.tenant = ?1 AND u.id = ?2";
static const char sql_after[] =
    "SELECT i.seq, m.data FROM inbox i CROSS JOIN message m ON m.no = i.message "
    "WHERE i.tenant = ?1 AND i.end_user = ?2 AND i.message >= ifnull((SELECT b.message "
    "FROM inbox b WHERE b.tenant = ?1 AND b.end_user = ?2 ORDER BY b.message DESC LIMIT 1 "
    "OFFSET ?6), 0) AND i.seq > ?3 AND m.channel = ?4 ORDER BY i.message LIMIT ?5";
static const char sql_before[] =
    "SELECT i.seq, m.data FROM inbox i CROSS JOIN message m ON m.no = i.message "
    "WHERE i.tenant = ?1 AND i.end_user = ?2 AND i.seq < ?3 AND m.channel = ?4 "
    "ORDER BY i.message DESC LIMIT ?5";

/* *ret_user_no is 0 when there is no such user. */
static Status read_position(Db *c, StreamCall *call, int64_t *ret_user_no, Err *err)
{
    sqlite3_stmt *stmt;
    uint64_t base = 0;
    Status st = epoch_base(c, &base, err);

    if (st == ST_OK) st = db_statement(c, sql_position, &stmt, err);
    if (st != ST_OK) return st;
    bind_int(stmt, 1, call->tenant_no);
    bind_text(stmt, 2, call->user_id);
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        uint64_t newest = (uint64_t)sqlite3_column_int64(stmt, 2);
        *ret_user_no = sqlite3_column_int64(stmt, 0);
        call->ret_epoch = epoch_of(base, *ret_user_no);
        call->ret_floor = (uint64_t)sqlite3_column_int64(stmt, 1);
        call->ret_top = newest > call->ret_floor ? newest : call->ret_floor;
    } else if (rc != SQLITE_DONE) {
        st = db_fail(c, rc, err);
    }
    sqlite3_reset(stmt);
    return st;
}

/* How many rows the range can hold at most: positions in it, for each is given once. */
static uint64_t range_max(const StreamCall *call)
{
    if (!call->reverse) return call->ret_top > call->since ? call->ret_top - call->since : 0;
    return call->since && call->since <= call->ret_top ? call->since - 1 : call->ret_top;
}

/* Up to `room` items; what the arena cannot hold counts as more. */
static Status read_items(Db *c, sqlite3_stmt *stmt, StreamCall *call, uint64_t room, Err *err)
{
    int rc;

    call->ret_items = arena_try(call->arena, sizeof *call->ret_items * room);
    if (!call->ret_items) return err_set(err, ST_TOO_BIG, "the page does not fit into memory");
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        StreamItem *item = &call->ret_items[call->ret_count];
        call->ret_more = call->ret_count == room ||
                         !arena_copy(call->arena, column_bytes(stmt, 1), &item->data);
        if (call->ret_more) return ST_OK;
        item->seq = (uint64_t)sqlite3_column_int64(stmt, 0);
        call->ret_count++;
    }
    return rc == SQLITE_DONE ? ST_OK : db_fail(c, rc, err);
}

static Status read_range(Db *c, StreamCall *call, int64_t user_no, Err *err)
{
    sqlite3_stmt *stmt;
    uint64_t range = range_max(call);
    uint64_t room = range < call->limit ? range : call->limit;

    if (room == 0) return ST_OK;
    Status st = db_statement(c, call->reverse ? sql_before : sql_after, &stmt, err);
    if (st != ST_OK) return st;
    bind_int(stmt, 1, call->tenant_no);
    bind_int(stmt, 2, user_no);
    bind_int(stmt, 3, call->reverse && call->since == 0 ? INT64_MAX : (int64_t)call->since);
    bind_text(stmt, 4, call->channel);
    bind_int(stmt, 5, (int64_t)room + 1); /* one more, to see whether there is more */
    if (!call->reverse) bind_int(stmt, 6, (int64_t)range - 1);
    st = read_items(c, stmt, call, room, err);
    sqlite3_reset(stmt);
    return st;
}

Status sqlite_stream(Db *c, StreamCall *call)
{
    Err *err = &call->call.err;
    int64_t user_no = 0;

    Status st = db_do(c, "BEGIN", err);
    if (st != ST_OK) return st;
    st = read_position(c, call, &user_no, err);
    if (st == ST_OK && user_no) st = read_range(c, call, user_no, err);
    if (!db_in_transaction(c)) return st; /* an I/O error ended it */
    Status ended = db_do(c, "COMMIT", st == ST_OK ? err : NULL);
    return st == ST_OK ? ended : st;
}
