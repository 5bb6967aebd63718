/* The lock is a flock on a file that is never deleted: the kernel drops it with the process, however
 * that ends, so a stale file locks nobody out. The pid in it only serves the sentence we print. */
#include "driver/store/sqlite_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

Status system_says_no(const char *what, const char *path, Err *err)
{
    return err_set(err, ST_UNAVAILABLE, "cannot %s %s: %s", what, path, strerror(errno));
}

Status path_join(Str directory, const char *name, Path *ret_path, Err *err)
{
    int len = snprintf(ret_path->z, sizeof ret_path->z, "%.*s/%s", STR_FMT(directory), name);

    if (directory.len >= PATH_MAX || len < 0 || (size_t)len >= sizeof ret_path->z)
        return err_set(err, ST_TOO_BIG, "the path of the data directory is too long");
    return ST_OK;
}

Status fsync_path(const char *path, Err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) return system_says_no("open", path, err);
    Status st = fsync(fd) == 0 ? ST_OK : system_says_no("fsync", path, err);
    close(fd);
    return st;
}

static Status directory_make(Str directory, Err *err)
{
    Path path, parent;

    Status st = path_join(directory, ".", &path, err);
    if (st == ST_OK) st = path_join(directory, "..", &parent, err);
    if (st != ST_OK) return st;
    path.z[directory.len] = 0; /* mkdir wants the name without "/." */
    if (mkdir(path.z, 0700) == 0) return fsync_path(parent.z, err);
    return errno == EEXIST ? ST_OK : system_says_no("make the data directory", path.z, err);
}

static Status refuse_second(int fd, Str directory, Err *err)
{
    char pid[24] = "";
    ssize_t got = pread(fd, pid, sizeof pid - 1, 0);
    Str holder = str_trim(str_cut(&(Str){pid, got > 0 ? (size_t)got : 0}, '\n'));

    return err_set(err, ST_CONFLICT,
                   "the data directory %.*s is in use by process %.*s; two servers cannot share it",
                   STR_FMT(directory), holder.len ? (int)holder.len : 1, holder.len ? pid : "?");
}

static Status write_pid(int fd, const char *path, Err *err)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return system_says_no("write", path, err);
    return ST_OK;
}

Status directory_lock(Str directory, int *ret_fd, Err *err)
{
    Path path;

    Status st = directory_make(directory, err);
    if (st == ST_OK) st = path_join(directory, LOCK_FILE, &path, err);
    if (st != ST_OK) return st;
    int fd = open(path.z, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return system_says_no("open", path.z, err);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        st = write_pid(fd, path.z, err);
    else
        st = errno == EWOULDBLOCK ? refuse_second(fd, directory, err)
                                  : system_says_no("lock", path.z, err);
    if (st == ST_OK)
        *ret_fd = fd;
    else
        close(fd);
    return st;
}

Status database_create(Str directory, Path *ret_path, Err *err)
{
    Path here;

    Status st = path_join(directory, DATABASE_FILE, ret_path, err);
    if (st == ST_OK) st = path_join(directory, ".", &here, err);
    if (st != ST_OK) return st;
    int fd = open(ret_path->z, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return errno == EEXIST ? ST_OK : system_says_no("make", ret_path->z, err);
    close(fd);
    return fsync_path(here.z, err);
}

Status database_find(Str directory, Path *ret_path, Err *err)
{
    Path path;

    Status st = path_join(directory, DATABASE_FILE, &path, err);
    if (st == ST_OK && access(path.z, F_OK) != 0)
        st = err_set(err, ST_NOT_FOUND, "there is no Orqestra data in %.*s", STR_FMT(directory));
    if (st == ST_OK) *ret_path = path;
    return st;
}
