/* timeline.h: what happened to an event or a delivery, in order, told from what its rows keep.
 *
 *   accepted -> planned -> rendered -> published -> read       PUSH; one transaction until "rendered"
 *                      \-> failed, retrying, sent, delivered   the state it is in, since updated_ms
 *                      \-> sent -> delivered -> opened -> clicked    as attempts and reports say
 *   accepted -> unmatched                                      an event without any delivery
 *
 * A row knows the present and not every step on the way: what it cannot prove is not told.
 *
 * Thread: any.  Ownership: the words are literals, in the rows, or in the arena. */
#ifndef ORQ_DOMAIN_DELIVER_TIMELINE_H
#define ORQ_DOMAIN_DELIVER_TIMELINE_H

#include "domain/deliver/queue_store.h"
#include "domain/deliver/log_store.h"
#include "domain/deliver/report_store.h"

typedef struct Moment {
    int64_t at_ms;
    Str what;
    Str detail; /* "PUSH", "EMAIL: <cause>", or {NULL,0} */
} Moment;

enum { TIMELINE_MAX = 2 + (5 + REPORT_KIND_COUNT) * CHANNEL_COUNT };

typedef struct Timeline { /* oldest first */
    Moment at[TIMELINE_MAX];
    uint32_t count;
} Timeline;

Timeline timeline_of_delivery(const LogRow *delivery, Arena *arena);
/* accepted -> scheduled (at sendAt) or held (its tenant was suspended then). */
Timeline timeline_of_scheduled(int64_t created_ms, int64_t send_at_ms, bool held);
/* accepted -> cancelled or missed: it waited, and never happened. */
Timeline timeline_of_ended(int64_t created_ms, int64_t ended_ms, Str how, Str why);
Timeline timeline_of_event(const EventRow *event, const LogRows *deliveries, Arena *arena);

/* What calls and reports add to a delivery's lines that stand there already. */
void timeline_add_story(Timeline *timeline, const LogRow *delivery, const AttemptRows *attempts,
                        const ReportRows *reports, Arena *arena);

#endif
