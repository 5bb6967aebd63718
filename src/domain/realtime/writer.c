/* Order on the socket, whatever waits: (1) the rest of a publication begun, (2) the queue, (3) the
 * readers' logs. A WriterWait exists exactly while one of these waits for the transport, so a writer that
 * keeps up owns nothing.
 *
 * The queue keeps its first frame whole until all of it is sent, so that writer_abandon can drop
 * everything but that frame. */
#include "domain/realtime/writer.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/hub.h"

enum { LAST_FRAME_BYTES = KIB(4) }; /* kept for a close frame also when memory is short */

typedef struct WriterWait {
    Waiting waiting;
    Buf queue;   /* own frames not yet taken */
    size_t sent; /* bytes of the first of them already taken */
    size_t held; /* of this, as the backlog counts it */
} WriterWait;

void writer_init(Writer *w, const WriterOps *ops, WireFormat format, Backlog *backlog)
{
    *w = (Writer){.ops = ops, ._backlog = backlog, .format = (uint8_t)format};
}

ssize_t writer_write(Writer *w, const struct iovec *parts, int count)
{
    ssize_t n = w->ops->write(w, parts, count);
    if (UNLIKELY(n < 0)) w->_broken = 1;
    if (UNLIKELY(w->_wait != NULL) && n > 0) backlog_took(w->_backlog, &w->_wait->waiting);
    return n;
}

/* ---- waiting ---- */

static void count_held(WriterWait *wait, size_t held)
{
    if (held > wait->held)
        backlog_hold(held - wait->held);
    else
        backlog_release(wait->held - held);
    wait->held = held;
}

/* The queue has changed. */
static void count_queue(Writer *w)
{
    count_held(w->_wait, sizeof(WriterWait) + w->_wait->queue._cap);
    backlog_look(w->_backlog);
}

void writer_wait(Writer *w)
{
    if (!w->_wait) {
        w->_wait = mem_new(WriterWait);
        buf_init(&w->_wait->queue, WRITER_QUEUE_BYTES_MAX);
        count_held(w->_wait, sizeof(WriterWait));
        if (!w->_finishing) backlog_enter(w->_backlog, &w->_wait->waiting, w);
    }
    w->ops->want_writable(w, true);
}

static void wait_over(Writer *w)
{
    WriterWait *wait = w->_wait;
    if (!wait) return;
    backlog_leave(&wait->waiting);
    count_held(wait, 0);
    buf_done(&wait->queue);
    mem_free(wait);
    w->_wait = NULL;
}

static void queue_drop(Writer *w)
{
    buf_done(&w->_wait->queue);
    w->_wait->sent = 0;
    count_queue(w);
}

void writer_done(Writer *w)
{
    CHECK(!w->_readers);
    wait_over(w);
}

/* ---- own frames ---- */

/* Own bytes are whole frames; `sent` of them may have gone out already. */
static size_t sent_of_first_unsent(const Writer *w, Str *frames, size_t sent)
{
    for (;;) {
        size_t len = wire_frame_len(w->format, (const uint8_t *)frames->at);
        if (sent < len) return sent;
        sent -= len;
        *frames = str_from(*frames, len);
    }
}

/* `sent` of the first frame, when nothing was in the queue yet. */
static void enqueue(Writer *w, Str frames, size_t sent)
{
    WriterWait *wait = w->_wait;
    if (buf_len(&wait->queue) == 0) wait->sent = sent;
    buf_add(&wait->queue, frames);
    count_queue(w);
}

void writer_send(Writer *w, Str bytes)
{
    if (w->_finishing || w->_broken || bytes.len == 0) return;
    size_t sent = 0;
    if (!w->_wait) {
        struct iovec part = {(void *)(uintptr_t)bytes.at, bytes.len};
        ssize_t n = writer_write(w, &part, 1);
        if (n < 0 || (size_t)n == bytes.len) return;
        sent = sent_of_first_unsent(w, &bytes, (size_t)n);
        writer_wait(w);
    }
    enqueue(w, bytes, sent);
    if (buf_status(&w->_wait->queue) != ST_OK) w->ops->slow(w);
}

/* True when the queue is empty (or nothing will ever leave it). */
static bool flush_queue(Writer *w)
{
    WriterWait *wait = w->_wait;
    if (buf_len(&wait->queue) == 0) return true;
    Str rest = str_from(buf_view(&wait->queue), wait->sent);
    struct iovec part = {(void *)(uintptr_t)rest.at, rest.len};
    ssize_t n = writer_write(w, &part, 1);
    if (n < 0 || (size_t)n == rest.len) {
        queue_drop(w);
        return true;
    }
    Str frames = buf_view(&wait->queue);
    wait->sent = sent_of_first_unsent(w, &frames, wait->sent + (size_t)n);
    buf_consume(&wait->queue, buf_len(&wait->queue) - frames.len);
    return false;
}

static bool flush_own(Writer *w)
{
    if (w->_partial) {
        if (!reader_finish_frame(w->_partial)) return false;
        w->_partial = NULL;
    }
    return flush_queue(w);
}

void writer_on_writable(Writer *w)
{
    if (w->_wait && !flush_own(w)) return; /* still waiting */
    if (w->_finishing) {
        wait_over(w);
        w->ops->want_writable(w, false);
        w->ops->finished(w);
        return;
    }
    for (Reader *r = w->_readers; r; r = r->_next_of_writer)
        if (!reader_resume(r)) return; /* it waits again */
    wait_over(w);
    w->ops->want_writable(w, false);
}

/* ---- ending ---- */

bool writer_finish(Writer *w, Str last_bytes)
{
    writer_send(w, last_bytes);
    w->_finishing = 1;
    if (w->_wait) backlog_leave(&w->_wait->waiting); /* the transport's patience ends it now */
    return !w->_wait || w->_broken;
}

void writer_keep_frame_rest(Writer *w)
{
    Str rest = reader_frame_rest(w->_partial);
    Str whole = reader_frame_whole(w->_partial);
    Buf later = w->_wait->queue; /* nothing of it was sent: it was behind */
    buf_init(&w->_wait->queue, WRITER_QUEUE_BYTES_MAX);
    /* The rest of a frame is not a frame: give it its lost head back, counted as sent. */
    enqueue(w, whole, whole.len - rest.len);
    w->_partial = NULL;
    enqueue(w, buf_view(&later), 0);
    buf_done(&later);
}

/* No room even for the rest of a frame, and no close frame can be sent without it. */
static void cut(Writer *w)
{
    queue_drop(w);
    w->_broken = 1;
}

void writer_abandon(Writer *w)
{
    if (w->_partial) writer_keep_frame_rest(w);
    if (!w->_wait) return;
    WriterWait *wait = w->_wait;
    if (wait->sent == 0) {
        queue_drop(w);
    } else {
        Buf kept;
        Str frames = buf_view(&wait->queue);
        buf_init(&kept, WRITER_QUEUE_BYTES_MAX);
        buf_add(&kept, str_head(frames, wire_frame_len(w->format, (const uint8_t *)frames.at)));
        buf_done(&wait->queue);
        wait->queue = kept; /* as large as it must be: many may be abandoned at once */
        count_queue(w);
        if (wait->held > LAST_FRAME_BYTES && backlog_is_over()) cut(w);
    }
}
