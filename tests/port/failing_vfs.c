/* Each file is the real one with our method table in front; what we do not care about is passed on. */
#include "port/failing_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

#include "base/check.h"

static atomic_int mood;
static atomic_uint failures;
static sqlite3_vfs *real;

typedef struct File {
    sqlite3_file base;
    char room[]; /* the real file */
} File;

#define REAL(f)    ((sqlite3_file *)(void *)((File *)(f))->room)
#define METHODS(f) (REAL(f)->pMethods)

void failing_vfs_set(DiskMood to)
{
    atomic_store(&mood, to);
}

unsigned failing_vfs_failures(void)
{
    return atomic_load(&failures);
}

static int is(DiskMood what)
{
    if (atomic_load(&mood) != (int)what) return 0;
    atomic_fetch_add(&failures, 1);
    return 1;
}

static int file_close(sqlite3_file *f)
{
    return METHODS(f)->xClose(REAL(f));
}
static int file_read(sqlite3_file *f, void *to, int len, sqlite3_int64 at)
{
    return is(DISK_READ_FAILS) ? SQLITE_IOERR_READ : METHODS(f)->xRead(REAL(f), to, len, at);
}
static int file_write(sqlite3_file *f, const void *from, int len, sqlite3_int64 at)
{
    return is(DISK_FULL) ? SQLITE_FULL : METHODS(f)->xWrite(REAL(f), from, len, at);
}
static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return METHODS(f)->xTruncate(REAL(f), size);
}
static int file_sync(sqlite3_file *f, int flags)
{
    return is(DISK_FSYNC_FAILS) ? SQLITE_IOERR_FSYNC : METHODS(f)->xSync(REAL(f), flags);
}
static int file_size(sqlite3_file *f, sqlite3_int64 *ret_size)
{
    return METHODS(f)->xFileSize(REAL(f), ret_size);
}
static int file_lock(sqlite3_file *f, int level)
{
    return METHODS(f)->xLock(REAL(f), level);
}
static int file_unlock(sqlite3_file *f, int level)
{
    return METHODS(f)->xUnlock(REAL(f), level);
}
static int file_check_lock(sqlite3_file *f, int *ret)
{
    return METHODS(f)->xCheckReservedLock(REAL(f), ret);
}
static int file_control(sqlite3_file *f, int op, void *arg)
{
    return METHODS(f)->xFileControl(REAL(f), op, arg);
}
static int file_sector(sqlite3_file *f)
{
    return METHODS(f)->xSectorSize(REAL(f));
}
static int file_device(sqlite3_file *f)
{
    return METHODS(f)->xDeviceCharacteristics(REAL(f));
}
static int file_shm_map(sqlite3_file *f, int page, int bytes, int extend, void volatile **ret)
{
    return METHODS(f)->xShmMap(REAL(f), page, bytes, extend, ret);
}
static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return METHODS(f)->xShmLock(REAL(f), offset, n, flags);
}
static void file_shm_barrier(sqlite3_file *f)
{
    METHODS(f)->xShmBarrier(REAL(f));
}
static int file_shm_unmap(sqlite3_file *f, int delete)
{
    return METHODS(f)->xShmUnmap(REAL(f), delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags,
                    int *ret_flags)
{
    (void)vfs;
    int rc = real->xOpen(real, name, REAL(f), flags, ret_flags);
    f->pMethods = METHODS(f) ? &methods : NULL;
    return rc;
}

void failing_vfs_register(void)
{
    static sqlite3_vfs failing;

    if (real) return;
    CHECK(sqlite3_initialize() == SQLITE_OK);
    real = sqlite3_vfs_find(NULL);
    failing = *real;
    failing.zName = FAILING_VFS;
    failing.szOsFile = (int)sizeof(File) + real->szOsFile;
    failing.pNext = NULL;
    failing.xOpen = vfs_open;
    CHECK(sqlite3_vfs_register(&failing, 0) == SQLITE_OK);
}
