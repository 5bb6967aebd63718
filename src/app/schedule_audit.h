/* schedule_audit.h: the end of an event that never happened, in the audit log: the only place that still knows
 * it, because its row is gone.
 *
 * Thread: inside store jobs.  Ownership: what is read lives in the arena given. */
#ifndef ORQ_APP_SCHEDULE_AUDIT_H
#define ORQ_APP_SCHEDULE_AUDIT_H

#include "port/store.h"

typedef enum ScheduleEnd { SCHEDULE_CANCELLED, SCHEDULE_MISSED } ScheduleEnd;

typedef struct EndedEvent {
    ScheduleEnd end;
    Str event_id, event_type;
    Str trace_id; /* {NULL,0}: none */
    Str why;      /* of SCHEDULE_MISSED; else {NULL,0} */
    int64_t created_ms, send_at_ms, ended_ms;
} EndedEvent;

/* No user's id: an audit entry outlives the person's data. */
Status schedule_audit(StoreTx *tx, uint32_t tenant_no, const EndedEvent *ended, Err *err) MUST_USE;

/* The newest end of that id among the tenant's latest LOG_SCAN_MAX entries. ST_NOT_FOUND. */
Status schedule_audit_read(StoreTx *tx, uint32_t tenant_no, Str event_id, Arena *arena,
                           EndedEvent *ret_ended, Err *err) MUST_USE;

#endif
