/* Group commit: take all that is queued, one transaction, one fsync, then answer. While it runs the
 * next batch gathers by itself.
 *
 *   take --> begin --> each call --> COMMIT --> done() each, in order --> checkpoint if due --> take
 *              |           |            |
 *              '-----------+------------+--- the system said no: all get ST_UNAVAILABLE, the
 *                                            connection is closed, the next batch opens a new one
 *
 * Invariants
 * 1. done() is called only when the fate of the transaction is known. ST_OK: it is on disk.
 * 2. A failed connection is never used again and never checkpoints: the same bytes are not retried
 *    (RELIABILITY P3). What a failed fsync left in the WAL lies behind its last good frame and is
 *    overwritten by the next commit.
 * 3. A job runs exactly once (it has effects beyond the store), a hot call may run twice.
 *
 * Hence runs: a batch is cut where hot calls and jobs meet, each piece commits alone, and order is
 * kept. Jobs run under a savepoint each. Hot calls run bare: a savepoint keeps a copy of every page it
 * touches (measured: 2 us an event, of 13), and almost none ever fails. When one does, the transaction
 * is rolled back and the same calls run again with a savepoint each, so that only the one that failed
 * is refused.
 *
 * The checkpoint comes after the answers: it may take tens of milliseconds, and nobody waits for it
 * but the next batch. */
#include "driver/store/sqlite_writer.h"

#include <stdio.h>
#include <time.h>

#include "base/limits.h"
#include "base/metric.h"
#include "driver/store/sqlite_hot.h"
#include "driver/store/sqlite_thread.h"

enum { PROBE_MS = 1000 }; /* how often a store that cannot write, or is asked, tries its disk */

typedef enum Guard { GUARD_NONE, GUARD_EACH } Guard;

/* ---- how long it takes ---- */

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t busy_begin(Writer *w)
{
    int64_t now = now_us();
    atomic_store_explicit(&w->busy_since_ms, now / 1000, memory_order_relaxed);
    return now;
}

static void busy_end(Writer *w)
{
    atomic_store_explicit(&w->busy_since_ms, 0, memory_order_relaxed);
}

uint32_t writer_stuck_ms(const Writer *w)
{
    int64_t since = atomic_load_explicit(&w->busy_since_ms, memory_order_relaxed);
    return since ? (uint32_t)(now_us() / 1000 - since) : 0;
}

/* ---- the connection ---- */

static int note_wal_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    ((Writer *)arg)->_wal_pages = pages;
    return SQLITE_OK;
}

static void adopt(Writer *w, Db *db)
{
    w->_db = db;
    w->_wal_pages = 0;
    sqlite3_wal_hook(db->sqlite, note_wal_pages, w);
}

static void give_up(Writer *w)
{
    if (w->_db) {
        w->_db->broken = true;
        db_close(w->_db);
    }
    w->_db = NULL;
    users_forget(&w->_users);
    atomic_store(&w->writable, false);
}

static Status reopen(Writer *w, Err *err)
{
    Db *db;

    if (w->_db) return ST_OK;
    Status st = db_open(w->_path->z, w->_vfs, DB_WRITER, &db, err);
    if (st == ST_OK) adopt(w, db);
    return st;
}

/* Errors of a checkpoint lose nothing (the WAL still has every page), but the handle met an I/O
 * error and goes the way of all such handles. Busy is fine: a reader looks at an old page. */
static void checkpoint(Writer *w)
{
    if (!w->_db || w->_wal_pages < SCHEMA_WAL_PAGES) return;
    int rc = sqlite3_wal_checkpoint_v2(w->_db->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) give_up(w);
    w->_wal_pages = 0;
}

/* ---- one call ---- */

static Status call_run(Writer *w, StoreCall *call)
{
    const Accepting accepting = {w->_db, &w->_users, &w->_usage, &w->_keys};
    StoreJob *job;

    switch (call->kind) {
    case STORE_ACCEPT:
        return sqlite_accept(&accepting, CONTAINER_OF(call, AcceptCall, call));
    case STORE_MARK_READ:
        return sqlite_mark_read(w->_db, CONTAINER_OF(call, MarkReadCall, call));
    case STORE_MARK_ALL_READ:
        return sqlite_mark_all_read(w->_db, CONTAINER_OF(call, MarkAllReadCall, call));
    case STORE_WRITE_JOB:
        job = CONTAINER_OF(call, StoreJob, call);
        return job->run(&w->_db->tx, job, &call->err);
    case STORE_FEED:
    case STORE_UNREAD:
    case STORE_STREAM:
    case STORE_READ_JOB:
        break; /* a reader's (sqlite_store.c) */
    }
    CHECK(!"a call for the writer");
    return ST_INTERNAL;
}

/* The savepoint makes the call all or nothing; *err only for what ends the whole transaction. */
static Status call_run_guarded(Writer *w, StoreCall *call, Err *err)
{
    Status st = db_do(w->_db, "SAVEPOINT one", err);
    if (st != ST_OK) return st;
    usage_mark(&w->_usage);
    call->st = call_run(w, call);
    if (w->_db->broken) return ST_UNAVAILABLE;
    if (call->st != ST_OK) {
        users_rolled_back(&w->_users);
        usage_rewind(&w->_usage);
        st = db_do(w->_db, "ROLLBACK TO one", err);
    }
    return st == ST_OK ? db_do(w->_db, "RELEASE one", err) : st;
}

/* ---- one transaction ---- */

/* Not ST_OK: the transaction is lost. *ret_again: an unguarded call failed and may have left
 * something behind; the calls after it did not run. */
static Status calls_run(Writer *w, StoreCall *first, Guard guard, bool *ret_again, Err *err)
{
    Status st = ST_OK;

    for (StoreCall *call = first; call && st == ST_OK && !*ret_again; call = call->_next) {
        call->err = (Err){{0}};
        if (guard == GUARD_EACH)
            st = call_run_guarded(w, call, err);
        else
            call->st = call_run(w, call);
        if (w->_db->broken || !db_in_transaction(w->_db)) {
            if (err_view(err).len == 0) *err = call->err;
            return ST_UNAVAILABLE;
        }
        *ret_again = guard == GUARD_NONE && call->kind == STORE_ACCEPT && call->st != ST_OK;
    }
    return st;
}

static Status transaction(Writer *w, StoreCall *first, Guard guard, Err *err)
{
    bool again = false;

    usage_clear(&w->_usage);
    Status st = db_do(w->_db, "BEGIN IMMEDIATE", err);
    if (st == ST_OK) st = calls_run(w, first, guard, &again, err);
    if (st == ST_OK && again) {
        users_rolled_back(&w->_users);
        st = db_do(w->_db, "ROLLBACK", err);
        return st == ST_OK ? transaction(w, first, GUARD_EACH, err) : st;
    }
    if (st == ST_OK) st = usage_flush(&w->_usage, w->_db, err);
    return st == ST_OK ? db_do(w->_db, "COMMIT", err) : st;
}

static void fail_all(StoreCall *first, const Err *err)
{
    for (StoreCall *call = first; call; call = call->_next) {
        call->st = ST_UNAVAILABLE;
        call->err = *err;
    }
}

static void tell_all(StoreCall *first)
{
    for (StoreCall *call = first, *next; call; call = next) {
        next = call->_next; /* the call is gone after done() */
        call->done(call);
    }
}

/* SQLite wipes a deleted row, but a row that was moved when its page was split leaves a copy in the slack
 * of the old page. Only a rewrite of the file gets rid of those (VACUUM), and of the WAL's old frames. */
static void compact(Writer *w, StoreCall *first)
{
    Err err;
    int64_t pages = 0, page_bytes = 0;
    bool wanted = false, done = false;
    for (StoreCall *call = first; call; call = call->_next)
        wanted |= call->st == ST_OK && CONTAINER_OF(call, StoreJob, call)->compact;
    if (!wanted) return;
    Status st = db_pragma_int(w->_db, "PRAGMA page_count", &pages, &err);
    if (st == ST_OK) st = db_pragma_int(w->_db, "PRAGMA page_size", &page_bytes, &err);
    if (st == ST_OK && pages * page_bytes <= STORE_COMPACT_BYTES_MAX)
        done = db_script(w->_db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", &err) == ST_OK;
    for (StoreCall *call = first; call; call = call->_next)
        CONTAINER_OF(call, StoreJob, call)->ret_compacted = done;
}

static void run_commit(Writer *w, StoreCall *first)
{
    Err err = {{0}};
    bool jobs = first->kind == STORE_WRITE_JOB;
    int64_t begun_us = busy_begin(w);

    Status st = reopen(w, &err);
    if (st == ST_OK) {
        w->_db->users_changed = false;
        st = transaction(w, first, jobs ? GUARD_EACH : GUARD_NONE, &err);
    }
    if (st == ST_OK) {
        users_committed(&w->_users);
        if (jobs && w->_db->users_changed) users_forget(&w->_users);
        atomic_store(&w->writable, true);
        atomic_fetch_add_explicit(&w->commits, 1, memory_order_relaxed);
        if (jobs) compact(w, first);
    } else {
        give_up(w);
        metric_add(METRIC_STORE_ERRORS, 1);
        fail_all(first, &err);
    }
    metric_observe(METRIC_STORE_COMMIT, (uint64_t)(now_us() - begun_us));
    tell_all(first);
    checkpoint(w);
    busy_end(w);
}

/* ---- the thread ---- */

/* Cuts the leading calls that share a transaction; *rest is what follows. */
static StoreCall *cut_run(StoreCall **rest, uint64_t *ret_count)
{
    StoreCall *first = *rest, *last = first;
    bool jobs = first->kind == STORE_WRITE_JOB;

    for (*ret_count = 1; last->_next && (last->_next->kind == STORE_WRITE_JOB) == jobs;
         ++*ret_count)
        last = last->_next;
    *rest = last->_next;
    last->_next = NULL;
    return first;
}

static void batch_run(Writer *w, StoreCall *batch)
{
    while (batch) {
        uint64_t count;
        StoreCall *run = cut_run(&batch, &count);
        atomic_fetch_add_explicit(&w->calls, count, memory_order_relaxed);
        metric_observe(METRIC_STORE_BATCH, count);
        run_commit(w, run);
    }
}

/* A store that lost its disk and gets no traffic because it says so must find out by itself that the
 * disk is back, and one without traffic that is asked for its health must find out that the disk is
 * gone: rewrite the version, which costs one page and one fsync. */
static void probe(Writer *w)
{
    busy_begin(w);
    Err err;
    int64_t version;
    char sql[48];

    Status st = reopen(w, &err);
    if (st == ST_OK) st = db_pragma_int(w->_db, "PRAGMA user_version", &version, &err);
    if (st == ST_OK) {
        snprintf(sql, sizeof sql, "PRAGMA user_version=%lld", (long long)version);
        st = db_script(w->_db, sql, &err);
    }
    if (st == ST_OK)
        atomic_store(&w->writable, true);
    else
        give_up(w);
    checkpoint(w); /* probes are pages in the WAL, too */
    busy_end(w);
}

/* After a start, in bites between batches, so that the first call with a key need not wait for it. */
static bool load_keys(Writer *w)
{
    Err err;

    if (w->_keys.loaded || !w->_db) return false;
    busy_begin(w);
    if (keys_load(&w->_keys, w->_db, &err) != ST_OK) give_up(w);
    busy_end(w);
    return w->_db != NULL;
}

static bool wants_probe(Writer *w)
{
    bool asked = atomic_exchange_explicit(&w->asked, false, memory_order_relaxed);
    return asked || !atomic_load_explicit(&w->writable, memory_order_relaxed);
}

static void *writer_main(void *arg)
{
    Writer *w = arg;
    bool open = true;

    while (open) {
        int wait_ms = load_keys(w) ? 0 : PROBE_MS;
        StoreCall *batch = queue_take(&w->queue, STORE_BATCH_MAX, wait_ms, &open);
        if (batch)
            batch_run(w, batch);
        else if (open && wants_probe(w))
            probe(w);
    }
    arena_thread_done();
    return NULL;
}

void writer_start(Writer *w, const Path *path, const char *vfs, Db *db)
{
    queue_init(&w->queue, STORE_QUEUE_MAX);
    users_init(&w->_users);
    w->_path = path;
    w->_vfs = vfs;
    adopt(w, db);
    atomic_store(&w->writable, true);
    thread_start(&w->_thread, "store-writer", writer_main, w);
}

void writer_stop(Writer *w)
{
    queue_close(&w->queue);
    CHECK(pthread_join(w->_thread, NULL) == 0);
    users_done(&w->_users);
    keys_done(&w->_keys);
    usage_done(&w->_usage);
    db_close(w->_db); /* the last connection: checkpoints and removes the WAL */
    queue_done(&w->queue);
}
