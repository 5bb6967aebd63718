/* A list that only its last entry is compared with: events of one tenant come in rows. Rewinding cuts
 * it and restores that one entry. What is left double is put together by sorting, at the flush. */
#include "driver/store/sqlite_usage.h"

#include <stdlib.h>

#include "base/mem.h"
#include "port/limiter.h"

static const char sql_add[] =
    "INSERT INTO usage_day (tenant, day, accepted) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (tenant, day) DO UPDATE SET accepted = accepted + excluded.accepted";

void usage_done(Usage *u)
{
    mem_free(u->_at);
    *u = (Usage){0};
}

void usage_clear(Usage *u)
{
    u->_count = 0;
    usage_mark(u);
}

void usage_mark(Usage *u)
{
    u->_mark_count = u->_count;
    u->_mark_last = u->_count ? u->_at[u->_count - 1].accepted : 0;
}

void usage_rewind(Usage *u)
{
    u->_count = u->_mark_count;
    if (u->_count) u->_at[u->_count - 1].accepted = u->_mark_last;
}

static bool same(const UsageEntry *a, const UsageEntry *b)
{
    return a->tenant_no == b->tenant_no && a->day == b->day;
}

Status usage_add(Usage *u, uint32_t tenant_no, int64_t at_ms, Err *err)
{
    const UsageEntry fresh = {tenant_no, utc_day(at_ms), 1};
    if (u->_count && same(&u->_at[u->_count - 1], &fresh)) {
        u->_at[u->_count - 1].accepted++;
        return ST_OK;
    }
    if (u->_count == u->_room) {
        uint32_t room = u->_room ? 2 * u->_room : 64;
        UsageEntry *more = mem_try_resize(u->_at, sizeof *more * room);
        if (!more) return err_set(err, ST_UNAVAILABLE, "no memory to count events");
        u->_at = more;
        u->_room = room;
    }
    u->_at[u->_count++] = fresh;
    return ST_OK;
}

static int by_tenant_and_day(const void *a, const void *b)
{
    const UsageEntry *x = a, *y = b;
    if (x->tenant_no != y->tenant_no) return x->tenant_no < y->tenant_no ? -1 : 1;
    return x->day < y->day ? -1 : x->day > y->day;
}

static Status save(Db *db, const UsageEntry *entry, Err *err)
{
    sqlite3_stmt *stmt = NULL;
    Status st = db_statement(db, sql_add, &stmt, err);
    if (st != ST_OK) return st;
    bind_int(stmt, 1, entry->tenant_no);
    bind_int(stmt, 2, entry->day);
    bind_int(stmt, 3, (int64_t)entry->accepted);
    return db_finish(db, stmt, err);
}

Status usage_flush(Usage *u, Db *db, Err *err)
{
    Status st = ST_OK;
    if (u->_count > 1) qsort(u->_at, u->_count, sizeof *u->_at, by_tenant_and_day);
    for (uint32_t i = 0; i < u->_count && st == ST_OK;) {
        UsageEntry sum = u->_at[i++];
        while (i < u->_count && same(&sum, &u->_at[i])) sum.accepted += u->_at[i++].accepted;
        st = save(db, &sum, err);
    }
    usage_clear(u);
    return st;
}
