/* Each reader takes one call at a time from the common queue, so a long job holds up one thread and
 * no other call. A call that was submitted after an accept's done() sees that accept: its snapshot is
 * taken when the read begins, and the commit was before. */
#include "driver/store/sqlite_reader.h"

#include "driver/store/sqlite_hot.h"
#include "driver/store/sqlite_thread.h"

/* BEGIN takes no snapshot yet: a job that only computes holds none. */
static Status job_run(Db *c, StoreJob *job)
{
    Err *err = &job->call.err;

    Status st = db_do(c, "BEGIN", err);
    if (st != ST_OK) return st;
    st = job->run(&c->tx, job, err);
    if (!db_in_transaction(c)) return st; /* an I/O error ended it */
    Status ended = db_do(c, "COMMIT", st == ST_OK ? err : NULL);
    return st == ST_OK ? ended : st;
}

static Status call_run(Db *c, StoreCall *call)
{
    switch (call->kind) {
    case STORE_FEED:
        return sqlite_feed(c, CONTAINER_OF(call, FeedCall, call));
    case STORE_UNREAD:
        return sqlite_unread(c, CONTAINER_OF(call, UnreadCall, call));
    case STORE_STREAM:
        return sqlite_stream(c, CONTAINER_OF(call, StreamCall, call));
    case STORE_READ_JOB:
        return job_run(c, CONTAINER_OF(call, StoreJob, call));
    case STORE_ACCEPT:
    case STORE_MARK_READ:
    case STORE_MARK_ALL_READ:
    case STORE_WRITE_JOB:
        break; /* the writer's (sqlite_store.c) */
    }
    CHECK(!"a call for a reader");
    return ST_INTERNAL;
}

static void serve(Reader *r, StoreCall *call)
{
    call->err = (Err){{0}};
    call->st = ST_OK;
    if (!r->db) call->st = db_open(r->all->path->z, r->all->vfs, DB_READER, &r->db, &call->err);
    if (call->st == ST_OK) call->st = call_run(r->db, call);
    if (r->db && r->db->broken) {
        call->st = ST_UNAVAILABLE;
        db_close(r->db);
        r->db = NULL;
    }
    call->done(call);
}

static void *reader_main(void *arg)
{
    Reader *r = arg;
    StoreCall *call;
    bool open;

    while ((call = queue_take(&r->all->queue, 1, -1, &open))) serve(r, call);
    arena_thread_done();
    return NULL;
}

Status readers_open(const char *path, const char *vfs, Db **ret_dbs, Err *err)
{
    Db *dbs[STORE_READERS] = {NULL};
    Status st = ST_OK;

    for (int i = 0; i < STORE_READERS && st == ST_OK; i++)
        st = db_open(path, vfs, DB_READER, &dbs[i], err);
    if (st == ST_OK)
        memcpy(ret_dbs, dbs, sizeof dbs);
    else
        for (int i = 0; i < STORE_READERS; i++) db_close(dbs[i]);
    return st;
}

void readers_start(Readers *r, const Path *path, const char *vfs, Db **dbs)
{
    queue_init(&r->queue, STORE_QUEUE_MAX);
    r->path = path;
    r->vfs = vfs;
    for (int i = 0; i < STORE_READERS; i++) {
        r->each[i].all = r;
        r->each[i].db = dbs[i];
        thread_start(&r->each[i].thread, "store-reader", reader_main, &r->each[i]);
    }
}

void readers_stop(Readers *r)
{
    queue_close(&r->queue);
    for (int i = 0; i < STORE_READERS; i++) {
        CHECK(pthread_join(r->each[i].thread, NULL) == 0);
        db_close(r->each[i].db);
    }
    queue_done(&r->queue);
}
