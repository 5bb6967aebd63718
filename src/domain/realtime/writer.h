/* writer.h: everything that leaves one socket, in an order that never breaks a frame.
 *
 * Two kinds of bytes meet here: replies, pings and close frames made for this socket alone
 * (writer_send), and publications, which the hub hands over straight from a shared log (hub.h). Both go
 * to the transport at once when it takes them. When it does not:
 *
 *   - own bytes wait in a queue with a ceiling (WRITER_QUEUE_BYTES_MAX);
 *   - publications wait where they are, in the log: the reader's cursor is the queue;
 *   - a publication the kernel took in part is finished first, then the queue, then the readers.
 *
 * A client that lets WRITER_QUEUE_BYTES_MAX or READER_LAG_BYTES_MAX pile up is slow: it loses what waits,
 * gets a close frame behind the frame in hand, and is gone. So is one whose socket stands still, or stands
 * longest when all of them together hold too much (backlog.h).
 *
 * Thread: one loop.  Ownership: embedded in the transport's connection. */
#ifndef ORQ_DOMAIN_REALTIME_WRITER_H
#define ORQ_DOMAIN_REALTIME_WRITER_H

#include <sys/types.h>
#include <sys/uio.h>

#include "domain/realtime/backlog.h"
#include "domain/realtime/wire_format.h"

typedef struct Writer Writer;
typedef struct Reader Reader;

typedef struct WriterOps {
    /* Bytes taken: all, some, 0 (would block), -1 (broken: the transport closes by itself later). */
    ssize_t (*write)(Writer *w, const struct iovec *parts, int count);
    void (*want_writable)(Writer *w, bool wanted);
    /* The reader fell too far behind or the queue is full: end it (writer_abandon, then
     * writer_finish with a close frame). */
    void (*slow)(Writer *w);
    /* After a writer_finish that returned false: everything is out, or never will be. */
    void (*finished)(Writer *w);
} WriterOps;

struct Writer {
    const WriterOps *ops;
    Backlog *_backlog;     /* of its loop; NULL: nobody watches */
    Reader *_readers;      /* subscriptions of this socket, linked by Reader._next_of_writer */
    Reader *_partial;      /* the reader whose frame the kernel took in part, or NULL */
    uint64_t _partial_end; /* where that frame ends in the reader's run */
    struct WriterWait
        *_wait;             /* exists while something waits for the transport to become writable */
    uint8_t format;         /* WireFormat: how its own frames and most of its readers' look */
    uint8_t _finishing : 1; /* no more bytes are accepted */
    uint8_t _broken : 1;
};

void writer_init(Writer *w, const WriterOps *ops, WireFormat format, Backlog *backlog);
void writer_done(Writer *w); /* all readers must be gone */

void writer_send(Writer *w, Str bytes); /* copies what is not taken at once */
void writer_on_writable(Writer *w);     /* the transport can take more */
/* No byte after these. True: all is out (or the transport is broken); false: `finished` follows. */
bool writer_finish(Writer *w, Str last_bytes) MUST_USE;
/* Forgets what waits, but for the rest of a frame that the kernel has begun. Above the backlog's ceiling also
 * that, if it is large: then the connection breaks. */
void writer_abandon(Writer *w);

/* ---- for the hub ---- */

ssize_t writer_write(Writer *w, const struct iovec *parts, int count); /* -1: it is broken now */
void writer_wait(Writer *w); /* the transport did not take all */
/* The reader goes away in the middle of its frame; the rest becomes the writer's own. */
void writer_keep_frame_rest(Writer *w);
static inline bool writer_is_waiting(const Writer *w)
{
    return w->_wait != NULL;
}
static inline bool writer_is_free(const Writer *w)
{
    return !w->_wait && !w->_finishing && !w->_broken;
}

#endif
