/* sqlite.h: the Store of port/store.h on SQLite, in one data directory.
 *
 *   DIR/                 0700
 *     orqestra.db        0600, with -wal and -shm beside it while it is open
 *     lock               held (flock) as long as the store is open; contains the holder's pid
 *
 * The WAL rule (SQLite before 3.51.3 can lose a commit when a write meets a checkpoint on another
 * connection): one connection on one thread writes and checkpoints; every other connection is
 * read-only and never checkpoints; the lock keeps a second process away.
 *
 * Thread: sqlite_store_open and store_close on one; see store.h for the rest.
 * Ownership: what the options point to is borrowed for the call. */
#ifndef ORQ_DRIVER_STORE_SQLITE_H
#define ORQ_DRIVER_STORE_SQLITE_H

#include "port/store.h"

typedef struct SqliteOptions {
    Str directory; /* made when missing; its parent must exist */
    const char
        *vfs; /* NULL: SQLite's own; a test's failing one otherwise. Must outlive the store */
} SqliteOptions;

/* Locks the directory, brings the schema forward, starts the threads. Nothing here scans: the time
 * does not depend on how much is stored.
 * ST_CONFLICT: another process holds the directory. ST_INVALID: the files are not ours, or of a
 * newer schema. ST_UNAVAILABLE: the system said no; err says how. */
Status sqlite_store_open(const SqliteOptions *options, Store **ret_store, Err *err) MUST_USE;

/* Copies one consistent moment of a data directory into a new one that can be served at once: the
 * database, the token secret and the master key. A server may be running on it meanwhile; it is not
 * slowed but for the disk, and its WAL cannot be reset until the copy is done.
 *
 * The copy is built under another name beside the target, fsynced, then renamed: a target that
 * exists is complete. ST_CONFLICT: the target exists and is not empty. ST_NOT_FOUND: no data there.
 * ST_UNAVAILABLE: the system said no. */
Status sqlite_backup(Str data_directory, Str target_directory, Err *err) MUST_USE;

typedef struct CompactSizes { /* of the database file */
    int64_t before_bytes, after_bytes;
} CompactSizes;

/* Writes the database anew without what was deleted: no room of rows that went, and no copy of a row that
 * once lay elsewhere (StoreJob.compact). For a process of its own, with one thread, while no server runs:
 * ST_CONFLICT names the one that does. Needs free space of twice the size. ST_NOT_FOUND: no data there. */
Status sqlite_compact(Str data_directory, CompactSizes *ret_sizes, Err *err) MUST_USE;

#endif
