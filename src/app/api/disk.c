#include "app/api/disk.h"

#include <limits.h>
#include <sys/statvfs.h>

bool disk_free(Str directory, uint64_t *ret_bytes)
{
    char z[PATH_MAX];
    struct statvfs fs;

    if (directory.len >= sizeof z) return false;
    memcpy(z, directory.at, directory.len);
    z[directory.len] = '\0';
    if (statvfs(z, &fs) != 0) return false;
    *ret_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    return true;
}
