/*  DIR/orqestra.db  --sqlite3_backup, one read transaction-->  TARGET.partial-XXXXXX/orqestra.db
 *  DIR/secrets      --copied byte for byte------------------>  TARGET.partial-XXXXXX/...
 *                     fsync each, fsync the directory, rename to TARGET, fsync its parent
 *
 * The source is one read-only connection: it never checkpoints (the WAL rule), and the read
 * transaction opened before the first page pins one moment, so that commits of the running server
 * neither show nor restart the copy. A failure removes what was made; a crash leaves a directory
 * whose name says that it is partial. */
#include "driver/store/sqlite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/store/sqlite_files.h"

/* Beside the database: without them the copy could open neither tokens nor sealed secrets. */
static const char *const secret_files[] = {"token.secret", "master.key"};
enum { SECRET_FILE_COUNT = sizeof secret_files / sizeof secret_files[0], SECRET_BYTES_MAX = 4096 };

/* ---- the database ---- */

static Status copy_pages(Db *source, const char *target, Err *err)
{
    sqlite3 *db = NULL;
    sqlite3_backup *backup = NULL;

    int rc = sqlite3_open_v2(
        target, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    /* Nobody reads it before the rename: no journal, and one fsync at the end (fsync_path). */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;", NULL, NULL, NULL);
    if (rc == SQLITE_OK) backup = sqlite3_backup_init(db, "main", source->sqlite, "main");
    if (backup) {
        rc = sqlite3_backup_step(backup, -1);
        int finished = sqlite3_backup_finish(backup);
        rc = rc == SQLITE_DONE ? finished : rc;
    } else if (rc == SQLITE_OK)
        rc = sqlite3_errcode(db);
    Status st = rc == SQLITE_OK ? ST_OK
                                : err_set(err, ST_UNAVAILABLE, "cannot copy the database to %s: %s",
                                          target, sqlite3_errstr(rc));
    sqlite3_close(db);
    return st;
}

static Status copy_database(const Path *from, const Path *to, Err *err)
{
    Db *source;
    int64_t objects;

    int fd = open(to->z, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* the mode we want */
    if (fd < 0) return system_says_no("make", to->z, err);
    close(fd);
    Status st = db_open(from->z, NULL, DB_READER, &source, err);
    if (st != ST_OK) return st;
    st = db_script(source, "BEGIN", err);
    if (st == ST_OK)
        st = db_pragma_int(source, "SELECT count(*) FROM sqlite_schema", &objects, err);
    if (st == ST_OK) st = copy_pages(source, to->z, err);
    db_close(source);
    return st == ST_OK ? fsync_path(to->z, err) : st;
}

/* ---- the secrets ---- */

static Status copy_bytes(int in, const Path *from, const Path *to, mode_t mode, Err *err)
{
    char bytes[SECRET_BYTES_MAX];
    ssize_t got = read(in, bytes, sizeof bytes);

    if (got < 0) return system_says_no("read", from->z, err);
    if (got == SECRET_BYTES_MAX) return err_set(err, ST_TOO_BIG, "%s is no key file", from->z);
    int out = open(to->z, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0600);
    if (out < 0) return system_says_no("make", to->z, err);
    Status st = write(out, bytes, (size_t)got) == got && fsync(out) == 0
                    ? ST_OK
                    : system_says_no("write", to->z, err);
    close(out);
    explicit_bzero(bytes, sizeof bytes);
    return st;
}

static Status copy_secret(Str directory, Str target, const char *name, Err *err)
{
    Path from, to;
    struct stat about;

    Status st = path_join(directory, name, &from, err);
    if (st == ST_OK) st = path_join(target, name, &to, err);
    if (st != ST_OK) return st;
    int in = open(from.z, O_RDONLY | O_CLOEXEC);
    if (in < 0) return errno == ENOENT ? ST_OK : system_says_no("open", from.z, err);
    st = fstat(in, &about) == 0 ? copy_bytes(in, &from, &to, about.st_mode, err)
                                : system_says_no("look at", from.z, err);
    close(in);
    return st;
}

static Status copy_all(Str directory, Str target, Err *err)
{
    Path from, to, here;

    Status st = path_join(directory, DATABASE_FILE, &from, err);
    if (st == ST_OK) st = path_join(target, DATABASE_FILE, &to, err);
    if (st == ST_OK) st = path_join(target, ".", &here, err);
    if (st == ST_OK) st = copy_database(&from, &to, err);
    for (int i = 0; i < SECRET_FILE_COUNT && st == ST_OK; i++)
        st = copy_secret(directory, target, secret_files[i], err);
    return st == ST_OK ? fsync_path(here.z, err) : st;
}

/* ---- the target ---- */

static void remove_file(Str directory, const char *name)
{
    Path path;
    if (path_join(directory, name, &path, NULL) == ST_OK) unlink(path.z);
}

static void remove_partial(const char *partial)
{
    remove_file(str_of(partial), DATABASE_FILE);
    for (int i = 0; i < SECRET_FILE_COUNT; i++) remove_file(str_of(partial), secret_files[i]);
    rmdir(partial);
}

static bool is_empty(DIR *directory)
{
    const struct dirent *entry;
    while ((entry = readdir(directory)))
        if (!str_is(S("."), entry->d_name) && !str_is(S(".."), entry->d_name)) return false;
    return true;
}

static Status refuse_target(const char *target, Err *err)
{
    return err_set(err, ST_CONFLICT,
                   "%s exists and is not an empty directory; a backup never overwrites", target);
}

/* Early, so that a long copy is not made for nothing; publish() is what decides. */
static Status check_target(const char *target, Err *err)
{
    DIR *directory = opendir(target);

    if (!directory && errno == ENOENT) return ST_OK;
    if (!directory && errno == ENOTDIR) return refuse_target(target, err);
    if (!directory) return system_says_no("open", target, err);
    Status st = is_empty(directory) ? ST_OK : refuse_target(target, err);
    closedir(directory);
    return st;
}

/* rename replaces an empty directory and nothing else: there is no gap between look and act. */
static Status publish(const char *partial, const char *target, Err *err)
{
    Path parent;

    if (rename(partial, target) != 0)
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                   ? refuse_target(target, err)
                   : system_says_no("make", target, err);
    Status st = path_join(str_of(target), "..", &parent, err);
    return st == ST_OK ? fsync_path(parent.z, err) : st;
}

Status sqlite_backup(Str data_directory, Str target_directory, Err *err)
{
    char target[PATH_MAX], partial[PATH_MAX];
    Path database;

    while (target_directory.len > 1 && str_ends(target_directory, S("/"))) target_directory.len--;
    int len = snprintf(partial, sizeof partial, "%.*s.partial-XXXXXX", STR_FMT(target_directory));
    if (target_directory.len >= PATH_MAX || len < 0 || (size_t)len >= sizeof partial)
        return err_set(err, ST_TOO_BIG, "the path of the target is too long");
    snprintf(target, sizeof target, "%.*s", STR_FMT(target_directory));

    Status st = database_find(data_directory, &database, err);
    if (st == ST_OK) st = check_target(target, err);
    if (st != ST_OK) return st;
    if (!mkdtemp(partial)) return system_says_no("make", partial, err); /* 0700 */
    st = copy_all(data_directory, str_of(partial), err);
    if (st == ST_OK) st = publish(partial, target, err);
    if (st != ST_OK) remove_partial(partial);
    return st;
}
