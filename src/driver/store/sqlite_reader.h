/* sqlite_reader.h: threads that read: feeds and read jobs (and whatever else may block: a job is a
 * function). Their connections are read-only and never checkpoint.
 *
 * Thread: open, start and stop on the opener's. */
#ifndef ORQ_DRIVER_STORE_SQLITE_READER_H
#define ORQ_DRIVER_STORE_SQLITE_READER_H

#include "base/limits.h"
#include "driver/store/sqlite_files.h"
#include "driver/store/sqlite_queue.h"

typedef struct Readers Readers;

typedef struct Reader {
    Readers *all;
    pthread_t thread;
    Db *db; /* NULL after a failure, until it is open again */
} Reader;

struct Readers {
    CallQueue queue;
    const Path *path;
    const char *vfs;
    Reader each[STORE_READERS];
};

/* STORE_READERS connections, or none of them. */
Status readers_open(const char *path, const char *vfs, Db **ret_dbs, Err *err) MUST_USE;
void readers_start(Readers *r, const Path *path, const char *vfs, Db **dbs); /* takes dbs */
void readers_stop(Readers *r); /* finishes what was queued */

#endif
