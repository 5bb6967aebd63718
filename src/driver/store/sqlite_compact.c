/* VACUUM builds the database anew from its rows and copies it back through the WAL: a crash at any moment
 * leaves the old one or the new one. The new one is built in an unnamed file beside it: memory would not
 * hold it, and /tmp is not where people's data should lie. */
#include "driver/store/sqlite.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/store/sqlite_files.h"

static Status size_of(const Path *path, int64_t *ret_bytes, Err *err)
{
    struct stat about;
    if (stat(path->z, &about) != 0) return system_says_no("look at", path->z, err);
    *ret_bytes = about.st_size;
    return ST_OK;
}

static Status rewrite(const Path *path, Err *err)
{
    Db *db = NULL;

    Status st = db_open(path->z, NULL, DB_WRITER, &db, err);
    if (st == ST_OK) st = db_script(db, "PRAGMA temp_store=FILE", err);
    if (st == ST_OK) st = db_script(db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", err);
    db_close(db);
    return st;
}

static Status compact(Str directory, const Path *path, CompactSizes *ret, Err *err)
{
    CompactSizes sizes = {0};
    Path here;

    Status st = path_join(directory, ".", &here, err);
    if (st == ST_OK && setenv("SQLITE_TMPDIR", here.z, 1) != 0)
        st = system_says_no("use", here.z, err);
    if (st == ST_OK) st = size_of(path, &sizes.before_bytes, err);
    if (st == ST_OK) st = rewrite(path, err);
    if (st == ST_OK) st = size_of(path, &sizes.after_bytes, err);
    if (st == ST_OK) *ret = sizes;
    return st;
}

Status sqlite_compact(Str data_directory, CompactSizes *ret_sizes, Err *err)
{
    Path path;
    int lock_fd = -1;

    Status st = database_find(data_directory, &path, err);
    if (st == ST_OK) st = directory_lock(data_directory, &lock_fd, err);
    if (st != ST_OK) return st;
    st = compact(data_directory, &path, ret_sizes, err);
    close(lock_fd);
    return st;
}
