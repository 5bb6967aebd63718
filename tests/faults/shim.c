/* shim.c: a disk that misbehaves on demand, for LD_PRELOAD.
 *
 * A fault lasts as long as a file of its name exists in $FAULTS_DIR:
 *   write_fails   pwrite and write to regular files: ENOSPC
 *   fsync_fails   fsync and fdatasync: EIO, after the data has been handed to the system
 *   fsync_hangs   fsync and fdatasync do not return while the file exists
 * Sockets, pipes and stderr are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int fault(const char *name)
{
    char path[PATH_MAX];
    const char *directory = getenv("FAULTS_DIR");
    int saved = errno;
    if (!directory) return 0;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int there = access(path, F_OK) == 0;
    errno = saved;
    return there;
}

static int is_file(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static int sync_through(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const struct timespec moment = {0, 10000000};
    while (fault("fsync_hangs")) nanosleep(&moment, NULL);
    int rc = real(fd);
    if (!fault("fsync_fails")) return rc;
    errno = EIO;
    return -1;
}

int fsync(int fd)
{
    return sync_through("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_through("fdatasync", fd);
}

static int refuse(int fd)
{
    if (!is_file(fd) || !fault("write_fails")) return 0;
    errno = ENOSPC;
    return 1;
}

ssize_t write(int fd, const void *at, size_t len)
{
    ssize_t (*real)(int, const void *,
                    size_t) = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    return refuse(fd) ? -1 : real(fd, at, len);
}

ssize_t pwrite(int fd, const void *at, size_t len, off_t where)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    return refuse(fd) ? -1 : real(fd, at, len, where);
}

ssize_t pwrite64(int fd, const void *at, size_t len, off64_t where)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    return refuse(fd) ? -1 : real(fd, at, len, where);
}
