/* sqlite_writer.h: the one thread that writes, and the only one that checkpoints.
 *
 * Thread: open and close on the opener's; writer_stuck_ms from any. */
#ifndef ORQ_DRIVER_STORE_SQLITE_WRITER_H
#define ORQ_DRIVER_STORE_SQLITE_WRITER_H

#include "driver/store/sqlite_files.h"
#include "driver/store/sqlite_key.h"
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
    Usage _usage;               /* of the open transaction */
    Keys _keys;                 /* outlive a connection: they are a hint */
    int _wal_pages;             /* in the WAL after the last commit */
    atomic_bool writable;       /* the last commit succeeded */
    atomic_bool asked;          /* someone wants to know: an idle writer tries its disk */
    atomic_llong busy_since_ms; /* monotonic start of the transaction in hand; 0: none */
    atomic_ullong commits, calls;
} Writer;

/* db is the writer's from now on. */
void writer_start(Writer *w, const Path *path, const char *vfs, Db *db);
/* How long the transaction in hand has been running, in ms; 0 when there is none. */
uint32_t writer_stuck_ms(const Writer *w);
void writer_stop(Writer *w); /* finishes what was queued, then closes the connection */

#endif
