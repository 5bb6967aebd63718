/* sqlite_writer.h: the one thread that writes, and the only one that checkpoints.
 *
 * Thread: open and close on the opener's; writer_put from any. */
#ifndef ORQ_DRIVER_STORE_SQLITE_WRITER_H
#define ORQ_DRIVER_STORE_SQLITE_WRITER_H

#include "driver/store/sqlite_files.h"
#include "driver/store/sqlite_queue.h"
#include "driver/store/sqlite_usage.h"
#include "driver/store/sqlite_users.h"

typedef struct Writer {
    CallQueue queue;
    pthread_t _thread;
    const Path *_path; /* the store's */
    const char *_vfs;
    Db *_db; /* NULL after a failure, until it is open again */
    Users _users;
    Usage _usage;         /* of the open transaction */
    int _wal_pages;       /* in the WAL after the last commit */
    atomic_bool writable; /* the last commit succeeded */
    atomic_ullong commits, calls;
} Writer;

/* db is the writer's from now on. */
void writer_start(Writer *w, const Path *path, const char *vfs, Db *db);
void writer_stop(Writer *w); /* finishes what was queued, then closes the connection */

#endif
