/* sweep.h: what is old goes, a few hundred rows at a time (ORQ-29).
 *
 * A sweep is repeated steps, each in a job of its own, until `done`; the owner decides when the next
 * one begins (sweep_again) and lets traffic through between the steps.
 *
 *   messages and inbox   read ones after one time, unread ones after another
 *   events, deliveries   after the logs' time; those that still wait to be sent stay
 *   audit, sessions      after theirs
 *
 * Tables are walked by number, which is by age, so no index is needed and no step looks at more than
 * SWEEP_ROWS rows. What a walk passed and kept (unread, not yet sent) is looked at again in the next
 * round (sweep_round), because walking over it every minute would cost more than it frees.
 *
 * Thread: inside store jobs.  Errors: the store's own. */
#ifndef ORQ_DOMAIN_RETENTION_SWEEP_H
#define ORQ_DOMAIN_RETENTION_SWEEP_H

#include "port/store.h"

enum { SWEEP_ROWS = 250 };

typedef struct SweepLimits { /* Unix ms: what is older goes; 0 keeps for ever */
    int64_t now_ms, read_before_ms, unread_before_ms, logs_before_ms, audit_before_ms;
} SweepLimits;

typedef struct SweepCounts {
    uint64_t notifications, events, audit, sessions;
} SweepCounts;

typedef struct Sweep { /* zero-initialised */
    int _stage;
    int64_t _message_no, _event_no; /* looked at up to here in this round */
    SweepCounts gone;               /* in this sweep */
    bool done;
} Sweep;

void sweep_again(Sweep *s); /* goes on behind what this round looked at */
void sweep_round(Sweep *s); /* begins with the oldest rows again */

/* Changes *s also when it fails: give it a copy and keep that only on ST_OK. */
Status sweep_step(StoreTx *tx, Sweep *s, const SweepLimits *limits, Err *err) MUST_USE;

#endif
