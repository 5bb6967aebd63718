/* What a user has read: marking, and counting what is left.
 *
 * All keys name the tenant, and those of a mark meet in the user's own row: what belongs to someone else
 * is simply not there. The count walks one user's part of inbox, some 5 us per 100 rows; an index of what
 * is unread would make every accept pay for it instead. */
#include "driver/store/sqlite_hot.h"

/* The first read is the one that counts, and a row that was read before is not changed. */
static const char sql_mark_read[] =
    "UPDATE inbox SET read_ms = ?4 WHERE tenant = ?1 "
    "AND end_user = (SELECT no FROM end_user WHERE tenant = ?1 AND id = ?2) "
    "AND message = (SELECT no FROM message WHERE tenant = ?1 AND id = ?3) AND read_ms IS NULL";
static const char sql_is_there[] =
    "SELECT count(*) FROM inbox WHERE tenant = ?1 "
    "AND end_user = (SELECT no FROM end_user WHERE tenant = ?1 AND id = ?2) "
    "AND message = (SELECT no FROM message WHERE tenant = ?1 AND id = ?3)";
static const char sql_mark_all_read[] =
    "UPDATE inbox SET read_ms = ?3 WHERE tenant = ?1 "
    "AND end_user = (SELECT no FROM end_user WHERE tenant = ?1 AND id = ?2) AND read_ms IS NULL";
static const char sql_unread[] =
    "SELECT count(*) FROM inbox WHERE tenant = ?1 "
    "AND end_user = (SELECT no FROM end_user WHERE tenant = ?1 AND id = ?2) AND read_ms IS NULL";

/* Of a bound statement that selects one number. */
static Status read_count(Db *c, sqlite3_stmt *stmt, uint32_t *ret_count, Err *err)
{
    Status st = ST_OK;
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW)
        *ret_count = (uint32_t)sqlite3_column_int64(stmt, 0);
    else
        st = db_fail(c, rc, err);
    sqlite3_reset(stmt);
    return st;
}

static Status count_unread(Db *c, uint32_t tenant_no, Str user_id, uint32_t *ret_count, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_unread, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, tenant_no);
    bind_text(stmt, 2, user_id);
    return read_count(c, stmt, ret_count, err);
}

static Status check_is_there(Db *c, MarkReadCall *call, Err *err)
{
    sqlite3_stmt *stmt;
    uint32_t count = 0;
    Status st = db_statement(c, sql_is_there, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, call->tenant_no);
    bind_text(stmt, 2, call->user_id);
    bind_uuid(stmt, 3, &call->notification_id);
    st = read_count(c, stmt, &count, err);
    if (st == ST_OK && count == 0) st = err_set(err, ST_NOT_FOUND, "there is no such notification");
    return st;
}

Status sqlite_mark_read(Db *c, MarkReadCall *call)
{
    Err *err = &call->call.err;
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_mark_read, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, call->tenant_no);
    bind_text(stmt, 2, call->user_id);
    bind_uuid(stmt, 3, &call->notification_id);
    bind_int(stmt, 4, call->now_ms);
    st = db_finish(c, stmt, err);
    if (st != ST_OK) return st;
    call->ret_changed = sqlite3_changes(c->sqlite) > 0;
    return call->ret_changed
               ? count_unread(c, call->tenant_no, call->user_id, &call->ret_unread, err)
               : check_is_there(c, call, err);
}

Status sqlite_mark_all_read(Db *c, MarkAllReadCall *call)
{
    Err *err = &call->call.err;
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_mark_all_read, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, call->tenant_no);
    bind_text(stmt, 2, call->user_id);
    bind_int(stmt, 3, call->now_ms);
    st = db_finish(c, stmt, err);
    if (st == ST_OK) call->ret_count = (uint32_t)sqlite3_changes(c->sqlite);
    return st;
}

Status sqlite_unread(Db *c, UnreadCall *call)
{
    return count_unread(c, call->tenant_no, call->user_id, &call->ret_unread, &call->call.err);
}
