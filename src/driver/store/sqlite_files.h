/* sqlite_files.h: the data directory: its names, its lock, its schema.
 *
 * Thread: any. */
#ifndef ORQ_DRIVER_STORE_SQLITE_FILES_H
#define ORQ_DRIVER_STORE_SQLITE_FILES_H

#include <limits.h>

#include "driver/store/sqlite_db.h"

#define DATABASE_FILE "orqestra.db"
#define LOCK_FILE     "lock"

typedef struct Path {
    char z[PATH_MAX];
} Path;

/* directory/name. ST_TOO_BIG when it does not fit. */
Status path_join(Str directory, const char *name, Path *ret_path, Err *err) MUST_USE;

/* Makes the directory (0700) when missing and locks it; *ret_fd holds the lock until closed.
 * ST_CONFLICT names the directory and the process that has it. */
Status directory_lock(Str directory, int *ret_fd, Err *err) MUST_USE;

/* Makes the database file (0600) when missing, durably. Call it before SQLite opens the file: closing
 * a second descriptor of an open database would drop SQLite's own locks. */
Status database_create(Str directory, Path *ret_path, Err *err) MUST_USE;

/* The database file of a directory that has one; else ST_NOT_FOUND. */
Status database_find(Str directory, Path *ret_path, Err *err) MUST_USE;

/* Brings the schema forward, one transaction a step. ST_INVALID: not ours, or newer than we are. */
Status schema_migrate(Db *c, Err *err) MUST_USE;

Status fsync_path(const char *path, Err *err) MUST_USE; /* a file or a directory */

/* "cannot <what> <path>: <why>" from errno */
Status system_says_no(const char *what, const char *path, Err *err);

#endif
