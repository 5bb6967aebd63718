/* disk.h: room where the data directory is.
 *
 * Thread: any. Asks the file system's own numbers, which a local disk answers without reading. */
#ifndef ORQ_APP_API_DISK_H
#define ORQ_APP_API_DISK_H

#include "base/str.h"

/* Free for us (not for root alone); false when the directory cannot be asked. */
bool disk_free(Str directory, uint64_t *ret_bytes);

#endif
