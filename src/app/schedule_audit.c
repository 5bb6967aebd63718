/* "before" is the event as it waited, "after" says why it was missed. */
#include "app/schedule_audit.h"

#include "app/admin/audit.h"
#include "app/admin/put.h"
#include "base/isotime.h"
#include "proto/json.h"

static const char *const actions[] = {
    [SCHEDULE_CANCELLED] = "event.cancelled",
    [SCHEDULE_MISSED] = "event.missed",
};

static void put_before(Buf *out, const EndedEvent *ended)
{
    put_open(out);
    put_text(out, "eventType", ended->event_type);
    put_time(out, "createdAt", ended->created_ms);
    put_time(out, "sendAt", ended->send_at_ms);
    put_close(out);
}

static void put_after(Buf *out, const EndedEvent *ended)
{
    if (!ended->why.at) return;
    put_open(out);
    put_text(out, "why", ended->why);
    put_close(out);
}

static Str view_or_null(const Buf *b)
{
    return buf_len(b) ? buf_view(b) : (Str){NULL, 0};
}

Status schedule_audit(StoreTx *tx, uint32_t tenant_no, const EndedEvent *ended, Err *err)
{
    Buf before, after;

    buf_init(&before, KIB(4));
    buf_init(&after, KIB(4));
    put_before(&before, ended);
    put_after(&after, ended);
    const AuditEntry entry = {.tenant_no = tenant_no,
                              .at_ms = ended->ended_ms,
                              .actor = ended->end == SCHEDULE_CANCELLED ? S("api-key")
                                                                        : S("system"),
                              .action = actions[ended->end],
                              .subject = ended->event_id,
                              .trace_id = ended->trace_id.len ? ended->trace_id : (Str){NULL, 0},
                              .before = view_or_null(&before),
                              .after = view_or_null(&after)};
    Status st = audit_write(tx, &entry, err);
    buf_done(&before);
    buf_done(&after);
    return st;
}

/* Of an object we wrote ourselves; 0 and {NULL,0} for what is not there. */
static Str member(Str object, Str key, Arena *arena)
{
    Json json;
    Str text;
    if (!object.at || json_parse(object, arena, &json, NULL) != ST_OK) return (Str){NULL, 0};
    return json_string(&json, json_get(&json, 0, key), arena, &text) ? text : (Str){NULL, 0};
}

static int64_t moment(Str object, Str key, Arena *arena)
{
    int64_t at_ms = 0;
    return iso_parse(member(object, key, arena), &at_ms) ? at_ms : 0;
}

Status schedule_audit_read(StoreTx *tx, uint32_t tenant_no, Str event_id, Arena *arena,
                           EndedEvent *ret_ended, Err *err)
{
    Rows rows;
    Status st = tx_query(
        tx,
        "SELECT a.at_ms, a.action, a.subject, a.trace_id, a.before, a.after FROM (SELECT * FROM "
        "audit WHERE tenant = $1 ORDER BY no DESC LIMIT $2) a WHERE a.subject = $3 AND a.action "
        "IN ('event.cancelled', 'event.missed') ORDER BY a.no DESC LIMIT 1",
        VALUES(value_int(tenant_no), value_int(LOG_SCAN_MAX), value_text(event_id)), arena, &rows,
        err);

    if (st != ST_OK) return st;
    if (rows.count == 0) return err_set(err, ST_NOT_FOUND, "Event not found");
    Str before = rows_text(&rows, 0, 4);
    *ret_ended = (EndedEvent){.end = str_is(rows_text(&rows, 0, 1), actions[SCHEDULE_MISSED])
                                         ? SCHEDULE_MISSED
                                         : SCHEDULE_CANCELLED,
                              .event_id = rows_text(&rows, 0, 2),
                              .event_type = member(before, S("eventType"), arena),
                              .trace_id = rows_text(&rows, 0, 3),
                              .why = member(rows_text(&rows, 0, 5), S("why"), arena),
                              .created_ms = moment(before, S("createdAt"), arena),
                              .send_at_ms = moment(before, S("sendAt"), arena),
                              .ended_ms = rows_int(&rows, 0, 0)};
    return ST_OK;
}
