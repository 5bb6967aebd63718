/* schedule_store.h: events that wait for their time, beside the two steps every event takes (EventSchedule in
 * port/store.h: put, and fire): which are due, what becomes of those that cannot fire, cancelling, lists.
 *
 *   WAITING --due--> fires: the row goes, the event is written         (accept)
 *      |  ^--release-- HELD (due_ms NULL): its tenant was suspended     schedule_hold, schedule_release
 *      '--> dropped: cancelled, erased, or held back for too long       schedule_cancel, _drop, erase
 *
 * Thread: inside store jobs.  Ownership: what is read lives in the arena given.
 * Errors: the store's own, and those that are named. */
#ifndef ORQ_DOMAIN_SCHEDULE_SCHEDULE_STORE_H
#define ORQ_DOMAIN_SCHEDULE_SCHEDULE_STORE_H

#include "port/store.h"

/* ---- what is due ---- */

#define SCHEDULE_NEVER INT64_MAX

typedef struct DueEvent {
    int64_t no;
    uint32_t tenant_no;
    Uuid tenant_id; /* zero: there is no such tenant any more */
    Str event_id, event_type;
    Str trace_id; /* "" when none */
    Str body;
    int64_t send_at_ms;
    int64_t due_ms; /* later than send_at_ms: a suspension held it back until then */
    int64_t created_ms;
} DueEvent;

typedef struct DueEvents { /* the earliest first */
    DueEvent at[SCHEDULE_ROUND];
    uint32_t count;
    int64_t next_ms; /* when the next one is due that is not among them; SCHEDULE_NEVER */
} DueEvents;

/* At most SCHEDULE_ROUND of them, and SCHEDULE_BODIES_MAX bytes but for the last one. */
Status schedule_due(StoreTx *tx, int64_t now_ms, Arena *arena, DueEvents *ret_due,
                    Err *err) MUST_USE;
/* How many wait, of all tenants. */
Status schedule_count(StoreTx *tx, int64_t *ret_waiting, Err *err) MUST_USE;

/* ---- what cannot fire ---- */

/* Sets it aside until its tenant is reactivated. *ret_held false: that has just happened, or it is gone. */
Status schedule_hold(StoreTx *tx, const DueEvent *due, bool *ret_held, Err *err) MUST_USE;
/* All of the tenant's that were set aside are due now. In the transaction that reactivates it. At the
 * ceiling, 100,000 rows, some 0.2 s of the writer's. */
Status schedule_release(StoreTx *tx, uint32_t tenant_no, int64_t now_ms, Err *err) MUST_USE;
/* It will not fire. *ret_dropped: it was still there. */
Status schedule_drop(StoreTx *tx, const DueEvent *due, bool *ret_dropped, Err *err) MUST_USE;

/* ---- taking back ---- */

/* Every waiting event of that id: ids may repeat, and whoever cancels wants none of them. *ret_count of
 * them went. */
Status schedule_cancel(StoreTx *tx, uint32_t tenant_no, Str event_id, int64_t *ret_count,
                       Err *err) MUST_USE;
/* Up to `limit` of a user's. */
Status schedule_forget_user(StoreTx *tx, uint32_t tenant_no, Str user_id, uint32_t limit,
                            int64_t *ret_count, Err *err) MUST_USE;

/* ---- looking ---- */

typedef struct ScheduledRow {
    int64_t no;
    Str event_id, event_type, user_id;
    Str trace_id; /* {NULL,0}: none */
    int64_t send_at_ms, created_ms;
    bool held;
} ScheduledRow;

typedef struct ScheduledRows {
    ScheduledRow *at;
    uint32_t count;
} ScheduledRows;

typedef struct ScheduleCursor { /* the next page holds what comes after */
    int64_t send_at_ms, no;
} ScheduleCursor;

/* The soonest first. */
Status schedule_page(StoreTx *tx, uint32_t tenant_no, ScheduleCursor after, uint32_t limit,
                     Arena *arena, ScheduledRows *ret_rows, Err *err) MUST_USE;
/* The soonest of that id. ST_NOT_FOUND. */
Status schedule_read(StoreTx *tx, uint32_t tenant_no, Str event_id, Arena *arena,
                     ScheduledRow *ret_row, Err *err) MUST_USE;

#endif
