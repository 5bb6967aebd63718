/* sqlite_schema.h: the files of schema/, embedded by cmake/Schema.cmake, first to last.
 *
 * Thread: any (constants). */
#ifndef ORQ_DRIVER_STORE_SQLITE_SCHEMA_H
#define ORQ_DRIVER_STORE_SQLITE_SCHEMA_H

#include <stdint.h>

extern const char *const schema_files[]; /* NUL-terminated SQL */
extern const uint32_t schema_file_count;

#endif
