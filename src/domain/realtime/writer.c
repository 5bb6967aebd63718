/* Order on the socket, whatever waits: (1) the rest of a publication begun, (2) the queue, (3) the
 * readers' logs. `_waiting` is set exactly while one of these waits for the transport.
 *
 * The queue keeps its first frame whole until all of it is sent, so that writer_abandon can drop
 * everything but that frame. */
#include "domain/realtime/writer.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/hub.h"

typedef struct WriterQueue {
    Buf frames;
    size_t sent; /* bytes of the first frame already taken */
} WriterQueue;

void writer_init(Writer *w, const WriterOps *ops, WireFormat format)
{
    *w = (Writer){.ops = ops, .format = (uint8_t)format};
}

static void queue_free(Writer *w)
{
    if (!w->_queue) return;
    buf_done(&w->_queue->frames);
    mem_free(w->_queue);
    w->_queue = NULL;
}

void writer_done(Writer *w)
{
    CHECK(!w->_readers);
    queue_free(w);
}

static void wait_writable(Writer *w)
{
    w->_waiting = 1;
    w->ops->want_writable(w, true);
}

static void enqueue(Writer *w, Str bytes, size_t sent)
{
    if (!w->_queue) {
        w->_queue = mem_new(WriterQueue);
        buf_init(&w->_queue->frames, WRITER_QUEUE_BYTES_MAX);
        w->_queue->sent = sent;
    }
    buf_add(&w->_queue->frames, bytes);
}

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

void writer_send(Writer *w, Str bytes)
{
    if (w->_finishing || w->_broken || bytes.len == 0) return;
    size_t sent = 0;
    if (!w->_waiting) {
        struct iovec part = {(void *)(uintptr_t)bytes.at, bytes.len};
        ssize_t n = w->ops->write(w, &part, 1);
        if (n < 0) {
            w->_broken = 1;
            return;
        }
        if ((size_t)n == bytes.len) return;
        sent = sent_of_first_unsent(w, &bytes, (size_t)n);
    }
    enqueue(w, bytes, sent);
    if (buf_status(&w->_queue->frames) != ST_OK)
        w->ops->slow(w);
    else if (!w->_waiting)
        wait_writable(w);
}

/* True when the queue is empty (or nothing will ever leave it). */
static bool flush_queue(Writer *w)
{
    if (!w->_queue) return true;
    WriterQueue *q = w->_queue;
    Str rest = str_from(buf_view(&q->frames), q->sent);
    struct iovec part = {(void *)(uintptr_t)rest.at, rest.len};
    ssize_t n = w->ops->write(w, &part, 1);
    if (n < 0) w->_broken = 1;
    if (n < 0 || (size_t)n == rest.len) {
        queue_free(w);
        return true;
    }
    Str frames = buf_view(&q->frames);
    q->sent = sent_of_first_unsent(w, &frames, q->sent + (size_t)n);
    buf_consume(&q->frames, buf_len(&q->frames) - frames.len);
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
    if (!flush_own(w)) return; /* still waiting */
    if (w->_finishing) {
        w->ops->want_writable(w, false);
        w->ops->finished(w);
        return;
    }
    w->_waiting = 0;
    for (Reader *r = w->_readers; r; r = r->_next_of_writer)
        if (!reader_resume(r)) return; /* it waits again */
    w->ops->want_writable(w, false);
}

bool writer_finish(Writer *w, Str last_bytes)
{
    writer_send(w, last_bytes);
    w->_finishing = 1;
    return !w->_waiting || w->_broken;
}

void writer_keep_frame_rest(Writer *w)
{
    Str rest = reader_frame_rest(w->_partial);
    WriterQueue *later = w->_queue;
    /* The rest of a frame is not a frame: give it its lost head back, counted as sent. */
    size_t len = (size_t)(w->_partial_end - w->_partial->_pos);
    CHECK(len == rest.len);
    w->_queue = NULL;
    enqueue(w, reader_frame_whole(w->_partial), reader_frame_whole(w->_partial).len - rest.len);
    w->_partial = NULL;
    if (!later) return;
    buf_add(&w->_queue->frames,
            buf_view(&later->frames)); /* nothing of it was sent: it was behind */
    buf_done(&later->frames);
    mem_free(later);
}

void writer_abandon(Writer *w)
{
    if (w->_partial) writer_keep_frame_rest(w);
    if (!w->_queue) return;
    WriterQueue *q = w->_queue;
    if (q->sent == 0) {
        queue_free(w);
        return;
    }
    size_t first = wire_frame_len(w->format, (const uint8_t *)buf_view(&q->frames).at);
    buf_truncate(&q->frames, first);
    q->frames._st = ST_OK;
}
