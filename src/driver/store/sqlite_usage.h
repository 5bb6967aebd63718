/* sqlite_usage.h: how many events each tenant had accepted in the open transaction.
 *
 * Tallied in memory while the batch runs and written once before its COMMIT: one row a tenant, however
 * many events. A call that is undone takes its share back.
 *
 *   usage_clear  { usage_mark  usage_add ...  [usage_rewind] } ...  usage_flush  COMMIT
 *
 * Thread: the writer's. */
#ifndef ORQ_DRIVER_STORE_SQLITE_USAGE_H
#define ORQ_DRIVER_STORE_SQLITE_USAGE_H

#include "driver/store/sqlite_db.h"

typedef struct UsageEntry {
    uint32_t tenant_no;
    uint32_t day;
    uint64_t accepted;
} UsageEntry;

typedef struct Usage { /* zero-initialised = empty */
    UsageEntry *_at;   /* at most one a call, and one more a tenant or day within it */
    uint32_t _count, _room;
    uint32_t _mark_count;
    uint64_t _mark_last; /* accepted of the last entry before the mark */
} Usage;

void usage_done(Usage *u);
void usage_clear(Usage *u);
void usage_mark(Usage *u);   /* before a call that may be undone */
void usage_rewind(Usage *u); /* to the mark */

/* One event more. ST_UNAVAILABLE: no memory. */
Status usage_add(Usage *u, uint32_t tenant_no, int64_t at_ms, Err *err) MUST_USE;

Status usage_flush(Usage *u, Db *db, Err *err) MUST_USE;

#endif
