/* A latency that contains an fsync says little unless one knows what the disk did meanwhile: a process of
 * its own writes and syncs one page now and then, beside the server, and notes how long that took. */
#include "kit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PAUSE_MS = 10, PAGE = 4096, PAGES = 256, ROOM = 100000, END_PATIENCE_MS = 20000 };

struct DiskWatch {
    atomic_bool stop;
    pid_t pid;
    char path[96];
    Samples *delays;
};

static void page_sync(int fd, unsigned index)
{
    char page[PAGE];
    memset(page, (int)(index & 0xff), sizeof page);
    if (pwrite(fd, page, sizeof page, (off_t)(index % PAGES) * PAGE) != PAGE || fdatasync(fd) != 0)
        fail("the disk: %s", strerror(errno));
}

static void watch_main(void *arg)
{
    DiskWatch *w = arg;
    int fd = open(w->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) fail("%s: %s", w->path, strerror(errno));
    if (ftruncate(fd, 0) != 0) fail("%s: %s", w->path, strerror(errno));
    for (unsigned i = 0; i < PAGES; i++) page_sync(fd, i); /* from here on it does not grow */
    for (unsigned i = 0; !atomic_load(&w->stop); i++) {
        uint64_t began = now_ns();
        page_sync(fd, i);
        samples_add(w->delays, now_ns() - began);
        sleep_ms(PAUSE_MS);
    }
    close(fd);
}

DiskWatch *disk_watch_start(const Server *s)
{
    DiskWatch *w = shared_new(sizeof *w);
    w->delays = shared_new(samples_bytes(ROOM));
    w->delays->room = ROOM;
    snprintf(w->path, sizeof w->path, "%s/disk", s->directory);
    w->pid = child_start(watch_main, w);
    return w;
}

void disk_watch_end(DiskWatch *w)
{
    atomic_store(&w->stop, true);
    for (unsigned ms = 0; !child_is_gone(w->pid); ms += 5) {
        if (ms > END_PATIENCE_MS) fail("the disk does not answer");
        sleep_ms(5);
    }
    if (w->delays->count == 0) return;
    table_note("the disk meanwhile, one bare fsync: p50 %.2f ms, p99 %.2f ms, max %.1f ms",
               samples_ms(w->delays, 0.5), samples_ms(w->delays, 0.99), samples_ms(w->delays, 1));
}
