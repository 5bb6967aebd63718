/* failing_vfs.h: SQLite's own file system with a switch: writes or fsyncs fail on demand, as a full or
 * dying disk would make them.
 *
 * Thread: the switch from any. */
#ifndef ORQ_TESTS_PORT_FAILING_VFS_H
#define ORQ_TESTS_PORT_FAILING_VFS_H

typedef enum DiskMood { DISK_FINE, DISK_FULL, DISK_FSYNC_FAILS, DISK_READ_FAILS } DiskMood;

#define FAILING_VFS "failing"

void failing_vfs_register(void);
void failing_vfs_set(DiskMood mood);
unsigned failing_vfs_failures(void); /* calls failed so far */

#endif
