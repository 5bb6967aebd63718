/* log_span.h: which events were accepted between two moments, as a range of their numbers.
 *
 * Events are numbered as they commit and their times follow that order but for clock corrections and
 * the time a call waited for its commit. So bisection over the numbers finds the place without an
 * index by time, which every accept would pay for. LOG_CLOCK_SLACK_MS is left on both sides: the range
 * holds every event of the span, and some others; who asks still compares the time.
 *
 * Thread: inside a store job.  Errors: the store's own. */
#ifndef ORQ_DOMAIN_DELIVER_LOG_SPAN_H
#define ORQ_DOMAIN_DELIVER_LOG_SPAN_H

#include "port/store.h"

typedef struct LogSpan {
    int64_t first_no; /* the lowest that belongs to it */
    int64_t end_no;   /* the first beyond it */
} LogSpan;

/* 0 and INT64_MAX are open ends and cost nothing. */
Status log_span(StoreTx *tx, int64_t from_ms, int64_t to_ms, Arena *arena, LogSpan *ret_span,
                Err *err) MUST_USE;

#endif
