/* Where the parts meet: the lock, the schema, one writer, STORE_READERS readers. A call goes to the
 * queue of its kind; everything after that happens on the thread that takes it. */
#include "driver/store/sqlite.h"

#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/metric.h"
#include "driver/store/sqlite_reader.h"
#include "driver/store/sqlite_writer.h"

typedef struct SqliteStore {
    Store store; /* first: a Store is an SqliteStore */
    int lock_fd;
    Path path;
    Writer writer;
    Readers readers;
} SqliteStore;

/* Refused only when it is sure to be in vain: what is taken now would wait behind a transaction that
 * does not end. */
static Status submit_write(Writer *w, StoreCall *call)
{
    if (UNLIKELY(writer_stuck_ms(w) > STORE_STUCK_MS)) {
        metric_add(METRIC_STORE_SHED, 1);
        return ST_UNAVAILABLE;
    }
    return queue_put(&w->queue, call);
}

static Status submit(Store *store, StoreCall *call)
{
    SqliteStore *s = CONTAINER_OF(store, SqliteStore, store);

    switch (call->kind) {
    case STORE_ACCEPT:
    case STORE_MARK_READ:
    case STORE_MARK_ALL_READ:
    case STORE_WRITE_JOB:
        return submit_write(&s->writer, call);
    case STORE_FEED:
    case STORE_UNREAD:
    case STORE_STREAM:
    case STORE_READ_JOB:
        return queue_put(&s->readers.queue, call);
    }
    return ST_INTERNAL;
}

/* Readers first: the writer's connection must be the last, because the last one checkpoints. */
static void close_store(Store *store)
{
    SqliteStore *s = CONTAINER_OF(store, SqliteStore, store);

    readers_stop(&s->readers);
    writer_stop(&s->writer);
    close(s->lock_fd);
    mem_free(s);
}

static StoreHealth health(Store *store)
{
    SqliteStore *s = CONTAINER_OF(store, SqliteStore, store);

    atomic_store_explicit(&s->writer.asked, true, memory_order_relaxed);
    return (StoreHealth){
        .queued = queue_count(&s->writer.queue),
        .writable = atomic_load(&s->writer.writable),
        .stuck_ms = writer_stuck_ms(&s->writer),
        .commits = atomic_load_explicit(&s->writer.commits, memory_order_relaxed),
        .calls = atomic_load_explicit(&s->writer.calls, memory_order_relaxed),
    };
}

const StoreOps sqlite_ops = {
    .submit = submit,
    .close = close_store,
    .health = health,
    .run = sqlite_tx_run,
    .query = sqlite_tx_query,
    .last_id = sqlite_tx_last_id,
};

/* Everything that can fail; on failure the lock and what was opened is given back. */
static Status open_files(SqliteStore *s, const SqliteOptions *options, Db **ret_writer,
                         Db **ret_readers, Err *err)
{
    Db *writer = NULL;

    Status st = directory_lock(options->directory, &s->lock_fd, err);
    if (st != ST_OK) return st;
    st = database_create(options->directory, &s->path, err);
    if (st == ST_OK) st = db_open(s->path.z, options->vfs, DB_WRITER, &writer, err);
    if (st == ST_OK) st = schema_migrate(writer, err);
    if (st == ST_OK) st = readers_open(s->path.z, options->vfs, ret_readers, err);
    if (st == ST_OK) {
        *ret_writer = writer;
        return ST_OK;
    }
    db_close(writer);
    close(s->lock_fd);
    return st == ST_INTERNAL ? ST_UNAVAILABLE : st;
}

Status sqlite_store_open(const SqliteOptions *options, Store **ret_store, Err *err)
{
    SqliteStore *s = mem_new(SqliteStore);
    Db *writer, *readers[STORE_READERS];

    Status st = open_files(s, options, &writer, readers, err);
    if (st != ST_OK) {
        mem_free(s);
        return st;
    }
    s->store.ops = &sqlite_ops;
    writer_start(&s->writer, &s->path, options->vfs, writer);
    readers_start(&s->readers, &s->path, options->vfs, readers);
    *ret_store = &s->store;
    return ST_OK;
}
