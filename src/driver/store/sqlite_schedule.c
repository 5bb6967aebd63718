/* The tenant's count and its rows change together, in the transaction of the accept. Asking for room and taking
 * it is one statement: an update that the ceiling turns into nothing. */
#include "driver/store/sqlite_schedule.h"

#include "base/limits.h"

static const char sql_one_more[] =
    "INSERT INTO scheduled_count (tenant, waiting) VALUES (?1, 1) ON CONFLICT (tenant) DO UPDATE "
    "SET waiting = scheduled_count.waiting + 1 WHERE scheduled_count.waiting < ?2";
static const char sql_one_less[] =
    "UPDATE scheduled_count SET waiting = waiting - 1 WHERE tenant = ?1";
static const char sql_put[] =
    "INSERT INTO scheduled (tenant, id, type, end_user, trace_id, send_at_ms, due_ms, created_ms, "
    "body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8)";
static const char sql_take[] = "DELETE FROM scheduled WHERE no = ?1 AND tenant = ?2";

static Status finish(Db *c, sqlite3_stmt *stmt, bool *ret_changed, Err *err)
{
    Status st = db_finish(c, stmt, err);
    if (st == ST_OK) *ret_changed = sqlite3_changes(c->sqlite) > 0;
    return st;
}

static Status one_more(Db *c, uint32_t tenant_no, bool *ret_room, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_one_more, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, tenant_no);
    bind_int(stmt, 2, TENANT_SCHEDULED_MAX);
    return finish(c, stmt, ret_room, err);
}

static Status put(Db *c, const EventPlan *e, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_put, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    bind_text(stmt, 2, e->event_id);
    bind_text(stmt, 3, e->event_type);
    bind_text(stmt, 4, e->user_id);
    bind_text_or_null(stmt, 5, e->trace_id);
    bind_int(stmt, 6, e->schedule.send_at_ms);
    bind_int(stmt, 7, e->created_ms);
    bind_text(stmt, 8, e->schedule.body);
    return db_finish(c, stmt, err);
}

Status schedule_put(Db *c, const EventPlan *e, bool *ret_refused, Err *err)
{
    bool room = false;
    Status st = one_more(c, e->tenant_no, &room, err);

    if (st == ST_OK && room) st = put(c, e, err);
    if (st == ST_OK) *ret_refused = !room;
    return st;
}

Status schedule_take(Db *c, const EventPlan *e, bool *ret_gone, Err *err)
{
    sqlite3_stmt *stmt;
    bool taken = false;
    Status st = db_statement(c, sql_take, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->schedule.fires_no);
    bind_int(stmt, 2, e->tenant_no);
    st = finish(c, stmt, &taken, err);
    if (st == ST_OK) *ret_gone = !taken;
    if (st != ST_OK || !taken) return st;
    st = db_statement(c, sql_one_less, &stmt, err);
    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    return db_finish(c, stmt, err);
}
