/* backlog.h: sockets that do not take what waits for them: who they are, on each loop, and how much memory
 * the whole process holds for readers.
 *
 * One reader is bounded by itself (READER_LAG_BYTES_MAX, WRITER_QUEUE_BYTES_MAX); ten thousand of them are
 * not. So all bytes are counted, and above a ceiling those go whose socket took a byte longest ago. Whose
 * socket takes none for WRITE_STALL_MS goes in any case: it would only be in the way later.
 *
 * Nobody waits: nothing is watched, and an idle connection carries one pointer.
 *
 * Thread: a Backlog is its loop's; backlog_hold, _release, _bytes and _is_over from any.
 * Ownership: a Waiting is its writer's, and linked while that writer waits. */
#ifndef ORQ_DOMAIN_REALTIME_BACKLOG_H
#define ORQ_DOMAIN_REALTIME_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct Writer;

typedef struct Backlog {
    List _waiting; /* by the last byte their socket took, oldest first */
    const uint64_t *_mono_ms;
    void (*_wake)(void *ctx);
    void *_ctx;
} Backlog;

typedef struct Waiting {
    ListNode _node;
    struct Writer *_writer;
    uint64_t _since_ms; /* the socket took a byte, or the waiting began */
} Waiting;

/* ---- how much, in the process ---- */

void backlog_set_ceiling(uint64_t bytes); /* before the loops start; 0: none */
void backlog_hold(size_t bytes);
void backlog_release(size_t bytes);
uint64_t backlog_bytes(void);
bool backlog_is_over(void);

/* ---- who, on a loop ---- */

/* `wake` is called when backlog_sweep has become needed; from inside anything. */
void backlog_init(Backlog *b, const uint64_t *mono_ms, void (*wake)(void *ctx), void *ctx);

/* For writer.c. NULL: nobody watches. */
void backlog_enter(Backlog *b, Waiting *w, struct Writer *writer);
void backlog_took(Backlog *b, Waiting *w); /* a byte: it goes to the end of the line */
void backlog_leave(Waiting *w);            /* fine when it is not in */
void backlog_look(Backlog *b);             /* more is held now: is it too much? */

/* Ends some of those that must go (ops->slow). Milliseconds until it wants to be called again; -1: when it
 * wakes. */
int64_t backlog_sweep(Backlog *b);

#endif
