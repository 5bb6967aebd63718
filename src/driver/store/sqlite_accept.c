/* One event: its key, its row, its deliveries, and for a PUSH the message and its place in the user's
 * feed. An event that matched nothing leaves an audit row instead of deliveries (ORQ-13). An event whose
 * key is taken leaves nothing (sqlite_key.c); one that happens later leaves a row that waits, and takes it
 * along when it does (sqlite_schedule.c).
 *
 * ST_CONFLICT has one meaning here: the id of a delivery is taken. Any other constraint that fails is
 * our own fault and must not pass for that.
 *
 * Nothing is read on the way when the user is remembered (sqlite_users.h): the numbers of event and
 * message are the ends of their tables, the position follows the remembered one. */
#include "driver/store/sqlite_hot.h"
#include "driver/store/sqlite_schedule.h"

static const char sql_event[] =
    "INSERT INTO event (tenant, id, type, end_user, trace_id, payload, variables, created_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
static const char sql_delivery[] =
    "INSERT INTO delivery (tenant, event, channel, id, status, recipient, cause, template_id, "
    "template_version, due_ms, updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10)";
static const char sql_message[] =
    "INSERT INTO message (tenant, id, event, event_type, channel, title, body, data, created_ms, "
    "end_user) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
static const char sql_inbox[] =
    "INSERT INTO inbox (tenant, end_user, message, seq) VALUES (?1, ?2, ?3, ?4)";
static const char sql_unmatched[] =
    "INSERT INTO audit (tenant, at_ms, actor, action, subject, trace_id) "
    "VALUES (?1, ?2, 'system', 'event.unmatched', ?3, ?4)";

static Status save_event(Db *c, const EventPlan *e, int64_t user_no, int64_t *ret_no, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_event, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    bind_text(stmt, 2, e->event_id);
    bind_text(stmt, 3, e->event_type);
    bind_int(stmt, 4, user_no);
    bind_text_or_null(stmt, 5, e->trace_id);
    bind_text(stmt, 6, e->payload);
    bind_text(stmt, 7, e->variables);
    bind_int(stmt, 8, e->created_ms);
    st = db_finish(c, stmt, err);
    if (st == ST_OK) *ret_no = sqlite3_last_insert_rowid(c->sqlite);
    return st;
}

static Status save_delivery(Db *c, const EventPlan *e, const DeliveryPlan *d, int64_t event_no,
                            bool *ret_repeated, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_delivery, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    bind_int(stmt, 2, event_no);
    bind_int(stmt, 3, d->channel);
    bind_uuid(stmt, 4, &d->id);
    bind_int(stmt, 5, d->status);
    bind_text_or_null(stmt, 6, d->recipient);
    bind_text_or_null(stmt, 7, d->cause);
    if (uuid_is_zero(d->template_id))
        sqlite3_bind_null(stmt, 8);
    else
        bind_uuid(stmt, 8, &d->template_id);
    bind_int(stmt, 9, d->template_version);
    bind_int(stmt, 10, e->created_ms);
    st = db_finish(c, stmt, err);
    /* The other key, (tenant, event, channel), is SQLITE_CONSTRAINT_PRIMARYKEY. */
    *ret_repeated = st == ST_CONFLICT &&
                    sqlite3_extended_errcode(c->sqlite) == SQLITE_CONSTRAINT_UNIQUE;
    return st;
}

static Status save_message(Db *c, const EventPlan *e, int64_t user_no, int64_t event_no,
                           int64_t *ret_no, Err *err)
{
    const NotificationPlan *n = &e->notification;
    ptrdiff_t hash = str_find(n->channel, '#');
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_message, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    bind_uuid(stmt, 2, &n->id);
    bind_int(stmt, 3, event_no);
    bind_text(stmt, 4, e->event_type);
    bind_text(stmt, 5, hash < 0 ? n->channel : str_head(n->channel, (size_t)hash));
    bind_text(stmt, 6, n->title);
    bind_text(stmt, 7, n->body);
    bind_text(stmt, 8, n->data);
    bind_int(stmt, 9, e->created_ms);
    bind_int(stmt, 10, user_no);
    st = db_finish(c, stmt, err);
    if (st == ST_OK) *ret_no = sqlite3_last_insert_rowid(c->sqlite);
    return st;
}

static Status save_inbox(Db *c, const EventPlan *e, int64_t user_no, int64_t message_no,
                         uint64_t seq, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_inbox, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    bind_int(stmt, 2, user_no);
    bind_int(stmt, 3, message_no);
    bind_int(stmt, 4, (int64_t)seq);
    return db_finish(c, stmt, err);
}

static Status save_unmatched(Db *c, const EventPlan *e, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_unmatched, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    bind_int(stmt, 2, e->created_ms);
    bind_text(stmt, 3, e->event_type);
    bind_text_or_null(stmt, 4, e->trace_id);
    return db_finish(c, stmt, err);
}

static Status save_notification(Db *c, EventPlan *e, EndUser *user, int64_t event_no, Err *err)
{
    int64_t message_no = 0;
    uint64_t seq = user->last_seq + 1;

    Status st = save_message(c, e, user->no, event_no, &message_no, err);
    if (st == ST_OK) st = save_inbox(c, e, user->no, message_no, seq, err);
    if (st != ST_OK) return st;
    e->ret_feed_seq = user->last_seq = seq;
    e->ret_feed_epoch = user->epoch;
    return ST_OK;
}

static Status write_event(const Accepting *a, EventPlan *e, Err *err)
{
    EndUser *user;
    int64_t event_no = 0;
    bool repeated = false;

    Status st = users_touch(a->users, a->db, e->tenant_no, e->user_id, &user, err);
    if (st == ST_OK) st = save_event(a->db, e, user->no, &event_no, err);
    for (uint32_t i = 0; i < e->delivery_count && st == ST_OK; i++)
        st = save_delivery(a->db, e, &e->deliveries[i], event_no, &repeated, err);
    if (st == ST_OK && e->has_notification) st = save_notification(a->db, e, user, event_no, err);
    if (st == ST_OK && e->delivery_count == 0) st = save_unmatched(a->db, e, err);
    return st == ST_CONFLICT && !repeated ? ST_INTERNAL : st;
}

/* It counted for its tenant's day when it was scheduled. */
static Status fire_event(const Accepting *a, EventPlan *e, Err *err)
{
    Status st = schedule_take(a->db, e, &e->schedule.ret_gone, err);
    return st == ST_OK && !e->schedule.ret_gone ? write_event(a, e, err) : st;
}

static Status put_event(const Accepting *a, EventPlan *e, Err *err)
{
    Status st = schedule_put(a->db, e, &e->schedule.ret_refused, err);
    if (st != ST_OK) return st;
    if (e->schedule.ret_refused) return e->key.set ? key_release(a->keys, a->db, e, err) : ST_OK;
    return usage_add(a->usage, e->tenant_no, e->created_ms, err);
}

/* May run twice (sqlite_writer.c): what the first run met may be undone by now. */
static Status accept_event(const Accepting *a, EventPlan *e, Arena *arena, Err *err)
{
    Status st = ST_OK;

    e->ret_replay = (EventReplay){0};
    e->schedule.ret_refused = e->schedule.ret_gone = false;
    if (e->schedule.fires_no) return fire_event(a, e, err);
    if (e->key.set) st = key_take(a->keys, a->db, e, arena, err);
    if (st != ST_OK || e->ret_replay.is) return st;
    if (e->schedule.send_at_ms) return put_event(a, e, err);
    st = write_event(a, e, err);
    return st == ST_OK ? usage_add(a->usage, e->tenant_no, e->created_ms, err) : st;
}

Status sqlite_accept(const Accepting *a, AcceptCall *call)
{
    Status st = ST_OK;

    for (size_t i = 0; i < call->event_count && st == ST_OK; i++)
        st = accept_event(a, &call->events[i], call->arena, &call->call.err);
    return st;
}
