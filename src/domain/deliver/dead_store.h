/* dead_store.h: dead letters: e-mails and SMS that were given up, for an operator to look at, send again or
 * throw away (ORQ-20).
 *
 * They are deliveries with status FAILED, found through an index that holds no others; a page looks at LOG_SCAN_MAX
 * of them at most and continues where that ended, as the log does (log_store.h).
 *
 * Thread: inside a store job.  Ownership: what is read lives in the arena given.
 * Errors: ST_NOT_FOUND, ST_CONFLICT, and the store's own. */
#ifndef ORQ_DOMAIN_DELIVER_DEAD_STORE_H
#define ORQ_DOMAIN_DELIVER_DEAD_STORE_H

#include "domain/deliver/log_store.h"

typedef struct DeadFilter {
    int channel;            /* Channel, or LOG_ANY */
    Str event_type, cause;  /* exactly; {NULL,0}: any */
    Str user_id, provider;  /* likewise */
    int64_t from_ms, to_ms; /* when the event was accepted; both ends belong to it */
} DeadFilter;

#define DEAD_FILTER_NONE ((DeadFilter){.channel = LOG_ANY, .to_ms = INT64_MAX})

Status dead_page(StoreTx *tx, uint32_t tenant_no, const DeadFilter *filter, LogCursor from,
                 uint32_t limit, Arena *arena, LogPage *ret_page, Err *err) MUST_USE;

typedef struct DeadCause {
    Channel channel;
    Str cause;
    int64_t count, newest_ms;
} DeadCause;

typedef struct DeadSummary { /* of the newest LOG_SCAN_MAX, the most frequent causes first */
    DeadCause *at;
    uint32_t count;
} DeadSummary;

enum { DEAD_CAUSES_MAX = 100 };

Status dead_summary(StoreTx *tx, uint32_t tenant_no, Arena *arena, DeadSummary *ret_summary,
                    Err *err) MUST_USE;

/* Into the queue again, as a first attempt, under the id it always had: whoever deduplicates by it still does.
 * *ret_retried: false for one without a recipient, or that is no dead letter any more. */
Status dead_retry(StoreTx *tx, uint32_t tenant_no, const LogRow *row, int64_t now_ms,
                  bool *ret_retried, Err *err) MUST_USE;
/* The delivery, its attempts and reports; its event stays. */
Status dead_purge(StoreTx *tx, uint32_t tenant_no, const LogRow *row, bool *ret_purged,
                  Err *err) MUST_USE;

#endif
