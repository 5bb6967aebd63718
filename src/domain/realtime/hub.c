/* A pass visits a run's readers from first to last; what is published meanwhile starts another pass.
 *
 * Invariants:
 *  1. `_pos` of a reader that pins no chunk is >= the start of run->head.
 *  2. A reader pins a chunk exactly while its socket is full and its cursor is behind the tail.
 *  3. Each chunk holds a reference on the next one, so a pinned chunk keeps all later ones; run->head
 *     holds the first that anyone without a pin may need, or the tail while pins exist (a new chunk
 *     must be linked behind it).
 *  4. A frame never crosses a chunk.
 *  5. `visit` is the next reader of the pass; unsubscribing it moves `visit` on.
 *  6. Held readers are in run->hold->readers, not in run->readers: no pass visits them. While there is a
 *     hold nothing is trimmed, so the log reaches back to hold->start, where all their cursors are. */
#include "domain/realtime/hub.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "domain/realtime/channel.h"

enum { PARTS_MAX = 8, FIRST_CHUNK_BYTES = 1024 - 40, FIRST_NOTES = 8 };

struct RunChunk {
    RunChunk *next; /* referenced */
    uint64_t start; /* position of bytes[0] in the run */
    uint32_t refs, len, cap;
    uint8_t bytes[];
};

typedef struct HubChannel {
    Run *runs; /* one a format and wish in use: mostly one */
    uint32_t key_len;
    char key[]; /* tenant number, 4 bytes, then the name */
} HubChannel;

typedef struct HoldNote { /* a publication of a stream, appended while readers are held */
    uint64_t offset, end; /* its position in the stream; where its frame ends in the run */
} HoldNote;

typedef struct Hold { /* exists while readers of the run are held */
    List readers;
    uint64_t start; /* the tail when the first one was held */
    void *tag;      /* the owners' */
    HoldNote *notes;
    uint32_t note_count, note_room;
} Hold;

struct Run {
    Run *next; /* of the same channel */
    Hub *hub;
    HubChannel *channel;
    List readers;
    ListNode dirty; /* in hub->dirty */
    RunChunk *head, *tail;
    uint64_t tail_pos;
    uint64_t pass_end;   /* the tail when the current pass began */
    ListNode *visit;     /* next reader of the pass; NULL between passes */
    Hold *hold;          /* NULL: nobody is held */
    uint64_t told_top;   /* the highest Reader._told, until the stream is past it; 0: no matter */
    uint64_t told_epoch; /* of the stream they were told of */
    uint32_t pinned;     /* readers with a chunk of their own */
    WireFormat format;
    Buf previous; /* with WIRE_DELTA: the last publication's data; empty: the next goes whole */
    HubWish wish;
    bool in_slice;    /* being visited: do not free it now */
    bool wants_epoch; /* somebody listens who does not know the stream's epoch */
};

struct Hub {
    Map channels;
    List dirty; /* runs with something to deliver */
    Buf frame;
    Buf key;
    void (*wake)(void *ctx);
    void *ctx;
    bool awake;
};

/* ---- channels ---- */

static Str channel_key(const void *value)
{
    const HubChannel *c = value;
    return str_make(c->key, c->key_len);
}

static Str make_key(Hub *h, uint32_t tenant_no, Str name)
{
    buf_clear(&h->key);
    buf_add(&h->key, str_make(&tenant_no, sizeof tenant_no));
    buf_add(&h->key, name);
    return buf_view(&h->key);
}

Hub *hub_new(void (*wake)(void *ctx), void *ctx)
{
    Hub *h = mem_new(Hub);
    map_init(&h->channels, CHANNELS_PER_LOOP_MAX, channel_key);
    list_init(&h->dirty);
    buf_init(&h->frame, 2 * WS_MESSAGE_MAX + KIB(4)); /* readers of deltas get JSON in a string */
    buf_init(&h->key, 4 * CHANNEL_NAME_MAX);
    h->wake = wake;
    h->ctx = ctx;
    return h;
}

void hub_free(Hub *h)
{
    CHECK(map_count(&h->channels) == 0);
    map_done(&h->channels);
    buf_done(&h->frame);
    buf_done(&h->key);
    mem_free(h);
}

uint32_t hub_channel_count(const Hub *h)
{
    return map_count(&h->channels);
}

bool reader_wants_deltas(const Reader *reader)
{
    return reader->_run->format & WIRE_DELTA;
}

void hub_each_reader(Hub *h, uint32_t tenant_no, Str channel,
                     bool (*see)(void *ctx, const Reader *r), void *ctx)
{
    HubChannel *c = map_get(&h->channels, make_key(h, tenant_no, channel));
    for (Run *run = c ? c->runs : NULL; run; run = run->next)
        for (ListNode *n = list_first(&run->readers); n; n = list_next(&run->readers, n))
            if (!see(ctx, CONTAINER_OF(n, Reader, _node))) return;
}

static uint32_t count_readers(const HubChannel *c)
{
    uint32_t count = 0;
    for (Run *run = c->runs; run; run = run->next)
        for (ListNode *n = list_first(&run->readers); n; n = list_next(&run->readers, n)) count++;
    return count;
}

void hub_each_channel(const Hub *h, uint32_t tenant_no,
                      bool (*see)(void *ctx, Str channel, uint32_t readers), void *ctx)
{
    uint32_t at = 0;
    for (const HubChannel *c; (c = map_next(&h->channels, &at));) {
        if (memcmp(c->key, &tenant_no, sizeof tenant_no) != 0) continue;
        if (!see(ctx, str_from(channel_key(c), sizeof tenant_no), count_readers(c))) return;
    }
}

Str reader_channel(const Reader *reader)
{
    return str_from(channel_key(reader->_run->channel), sizeof(uint32_t));
}

Reader *reader_next(const Reader *reader)
{
    return reader->_next_of_writer;
}

/* ---- the log ---- */

static void chunk_unref(RunChunk *c)
{
    while (c && --c->refs == 0) {
        RunChunk *next = c->next;
        backlog_release(sizeof(RunChunk) + c->cap);
        mem_free(c);
        c = next;
    }
}

static void set_head(Run *run, RunChunk *c)
{
    if (c) c->refs++;
    chunk_unref(run->head);
    run->head = c;
    if (!c) run->tail = NULL;
}

static void log_append(Run *run, Str frame)
{
    RunChunk *tail = run->tail;
    if (!tail || tail->cap - tail->len < frame.len) {
        uint32_t cap = tail ? tail->cap * 2 : FIRST_CHUNK_BYTES;
        if (cap > RUN_CHUNK_BYTES_MAX) cap = RUN_CHUNK_BYTES_MAX;
        if (cap < frame.len) cap = (uint32_t)frame.len;
        RunChunk *c = mem_alloc(sizeof(RunChunk) + cap);
        backlog_hold(sizeof(RunChunk) + cap);
        *c = (RunChunk){.start = run->tail_pos, .cap = cap, .refs = tail ? 1 : 0};
        if (tail)
            tail->next = c;
        else
            set_head(run, c);
        run->tail = tail = c;
    }
    memcpy(tail->bytes + tail->len, frame.at, frame.len);
    tail->len += (uint32_t)frame.len;
    run->tail_pos += frame.len;
}

/* The chunk that holds position pos (which is before the tail), looking from c on. */
static RunChunk *chunk_at(RunChunk *c, uint64_t pos)
{
    while (pos >= c->start + c->len) c = c->next;
    return c;
}

/* After a pass: nobody without a pin needs what lies before `floor`. */
static void log_trim(Run *run, uint64_t floor)
{
    if (!run->head || run->hold) return;
    if (floor == run->tail_pos) {
        set_head(run, run->pinned ? run->tail : NULL);
        return;
    }
    RunChunk *c = chunk_at(run->head, floor);
    if (c != run->head) set_head(run, c);
}

/* ---- subscribing ---- */

static void run_mark(Run *run)
{
    Hub *h = run->hub;
    if (!list_is_linked(&run->dirty) && !run->in_slice) list_push_back(&h->dirty, &run->dirty);
    if (h->awake) return;
    h->awake = true;
    h->wake(h->ctx);
}

static Run *run_new(Hub *h, HubChannel *c, WireFormat format, HubWish wish)
{
    Run *run = mem_new(Run);
    *run = (Run){.next = c->runs, .hub = h, .channel = c, .format = format, .wish = wish};
    list_init(&run->readers);
    buf_init(&run->previous, WS_MESSAGE_MAX);
    return c->runs = run;
}

Status hub_subscribe(Hub *h, uint32_t tenant_no, Str name, WireFormat format, HubWish wish,
                     Writer *w, Reader *reader)
{
    Str key = make_key(h, tenant_no, name);
    HubChannel *c = map_get(&h->channels, key);
    if (!c) {
        c = mem_zero(sizeof(HubChannel) + key.len);
        c->key_len = (uint32_t)key.len;
        memcpy(c->key, key.at, key.len);
        Status st = map_put(&h->channels, c);
        if (st != ST_OK) {
            mem_free(c);
            return st;
        }
    }
    Run *run = c->runs;
    while (run && (run->format != format || run->wish != wish)) run = run->next;
    if (!run) run = run_new(h, c, format, wish);
    *reader = (Reader){
        ._run = run, ._writer = w, ._pos = run->tail_pos, ._next_of_writer = w->_readers};
    buf_done(&run->previous); /* it does not know what the others know */
    w->_readers = reader;
    list_push_back(&run->readers, &reader->_node);
    return ST_OK;
}

static void run_free_if_unused(Run *run)
{
    if (!list_is_empty(&run->readers) || run->hold || run->in_slice) return;
    HubChannel *c = run->channel;
    set_head(run, NULL);
    buf_done(&run->previous);
    if (list_is_linked(&run->dirty)) list_unlink(&run->dirty);
    Run **link = &c->runs;
    while (*link != run) link = &(*link)->next;
    *link = run->next;
    if (!c->runs) {
        CHECK(map_remove(&run->hub->channels, channel_key(c)) == c);
        mem_free(c);
    }
    mem_free(run);
}

static void pin(Reader *r, RunChunk *from)
{
    CHECK(!r->_chunk);
    r->_chunk = chunk_at(from, r->_pos);
    r->_chunk->refs++;
    r->_run->pinned++;
}

/* No pass is due: whoever has no pin is at the tail. */
static bool run_is_quiet(const Run *run)
{
    return !run->visit && !list_is_linked(&run->dirty) && !run->in_slice;
}

static void unpin(Reader *r)
{
    Run *run = r->_run;
    chunk_unref(r->_chunk);
    r->_chunk = NULL;
    run->pinned--;
    /* The log was kept for the pins alone. */
    if (run->pinned == 0 && run_is_quiet(run)) log_trim(run, run->tail_pos);
}

/* ---- holding ---- */

void hub_hold(Hub *h, Reader *r)
{
    Run *run = r->_run;
    CHECK(run->hub == h && r->_pos == run->tail_pos);
    if (!run->hold) {
        run->hold = mem_new(Hold);
        run->hold->start = run->tail_pos;
        list_init(&run->hold->readers);
    }
    r->_pos = run->hold->start;
    list_unlink(&r->_node); /* nobody has visited it yet, and `visit` was set before it came */
    list_push_back(&run->hold->readers, &r->_node);
}

void **hub_hold_tag(const Reader *r)
{
    return &r->_run->hold->tag;
}

static void note_append(Hold *hold, uint64_t offset, uint64_t end)
{
    if (hold->note_count == hold->note_room) {
        uint32_t room = hold->note_room ? hold->note_room * 2 : FIRST_NOTES;
        HoldNote *notes = mem_alloc(sizeof *notes * room);
        if (hold->notes) memcpy(notes, hold->notes, sizeof *notes * hold->note_count);
        mem_free(hold->notes);
        hold->notes = notes;
        hold->note_room = room;
    }
    hold->notes[hold->note_count++] = (HoldNote){offset, end};
}

/* Behind the last publication that `top` covers. A position lower than the one before it belongs to a new
 * stream (its user was erased meanwhile), of which the answer knew nothing. */
static uint64_t position_behind(const Hold *hold, uint64_t top)
{
    uint64_t pos = hold->start, last = 0;
    for (uint32_t i = 0; i < hold->note_count; i++) {
        const HoldNote *note = &hold->notes[i];
        if (note->offset > top || note->offset < last) break;
        last = note->offset;
        pos = note->end;
    }
    return pos;
}

/* A reader has left the run or its hold. */
static void hold_free_if_unused(Run *run)
{
    if (!run->hold || !list_is_empty(&run->hold->readers)) return;
    mem_free(run->hold->notes);
    mem_free(run->hold);
    run->hold = NULL;
}

/* ---- what was told before it was published ---- */

static void set_told_epoch(Run *run, uint64_t epoch)
{
    if (run->told_epoch == epoch) return;
    for (ListNode *n = list_first(&run->readers); n; n = list_next(&run->readers, n))
        CONTAINER_OF(n, Reader, _node)->_told = 0; /* of a stream that is gone */
    run->told_epoch = epoch;
    run->told_top = 0;
}

static void note_told(Run *run, Reader *r, uint64_t top, uint64_t epoch)
{
    set_told_epoch(run, epoch);
    r->_told = top;
    if (run->told_top < top) run->told_top = top;
}

/* A frame is about to be appended: whoever was told of its position stands behind it already. Positions
 * ascend, so nothing of the stream waits for such a reader; what else waits (a join) lets it through:
 * twice is better than not at all. */
static void skip_told(Run *run, const Publication *p, size_t frame_len)
{
    if (run->told_top == 0) return;
    set_told_epoch(run, epoch_parse(p->epoch));
    if (p->offset > run->told_top) {
        run->told_top = 0; /* all of them have come */
        return;
    }
    for (ListNode *n = list_first(&run->readers); n; n = list_next(&run->readers, n)) {
        Reader *r = CONTAINER_OF(n, Reader, _node);
        if (r->_told >= p->offset && r->_pos == run->tail_pos) r->_pos += frame_len;
    }
}

void hub_release(Hub *h, Reader *r, uint64_t top, uint64_t epoch)
{
    Run *run = r->_run;
    CHECK(run->hub == h && run->hold);
    note_told(run, r, top, epoch);
    r->_pos = position_behind(run->hold, top);
    buf_done(&run->previous);
    list_unlink(&r->_node);
    hold_free_if_unused(run);
    list_push_back(&run->readers, &r->_node); /* a pass under way comes by */
    if (r->_pos < run->tail_pos)
        run_mark(run);
    else if (run_is_quiet(run))
        log_trim(run, run->tail_pos);
}

void hub_unsubscribe(Hub *h, Reader *r)
{
    Run *run = r->_run;
    CHECK(run->hub == h);
    if (r->_writer->_partial == r) writer_keep_frame_rest(r->_writer);
    if (r->_chunk) unpin(r);
    if (run->visit == &r->_node) run->visit = list_next(&run->readers, &r->_node);
    list_unlink(&r->_node);
    Reader **link = &r->_writer->_readers;
    while (*link != r) link = &(*link)->_next_of_writer;
    *link = r->_next_of_writer;
    r->_run = NULL;
    if (run->hold) run->hold->tag = NULL; /* may be about this reader */
    hold_free_if_unused(run);
    if (!run->hold && run_is_quiet(run)) log_trim(run, run->tail_pos);
    run_free_if_unused(run);
}

/* ---- delivering ---- */

/* The kernel took bytes up to r->_pos, which began at the frame boundary `from`: is a frame cut? */
static void note_partial(Reader *r, RunChunk *c, uint64_t from)
{
    while (from < r->_pos) {
        c = chunk_at(c, from);
        from += wire_frame_len(r->_run->format, c->bytes + (from - c->start));
    }
    if (from == r->_pos) return;
    r->_writer->_partial = r;
    r->_writer->_partial_end = from;
}

/* Writes from the cursor to the tail; c holds the cursor. True when all went out. */
static bool write_log(Reader *r, RunChunk *c)
{
    Run *run = r->_run;
    Writer *w = r->_writer;
    while (r->_pos < run->tail_pos) {
        struct iovec parts[PARTS_MAX];
        int count = 0;
        size_t total = 0;
        uint64_t from = r->_pos;
        c = chunk_at(c, from);
        for (RunChunk *p = c; p && count < PARTS_MAX; p = p->next) {
            size_t skip = count ? 0 : (size_t)(from - p->start);
            parts[count++] = (struct iovec){p->bytes + skip, p->len - skip};
            total += p->len - skip;
        }
        ssize_t n = writer_write(w, parts, count);
        if (UNLIKELY(n < 0)) { /* the transport will close it; nothing more can be delivered */
            r->_pos = run->tail_pos;
            return true;
        }
        r->_pos += (uint64_t)n;
        if (UNLIKELY((size_t)n < total)) {
            note_partial(r, c, from);
            if (!r->_chunk) {
                pin(r, c);
            } else { /* move the pin up, so that the log behind it can go */
                RunChunk *at = chunk_at(c, r->_pos);
                at->refs++;
                chunk_unref(r->_chunk);
                r->_chunk = at;
            }
            writer_wait(w);
            return false;
        }
    }
    return true;
}

static void deliver(Reader *r)
{
    Run *run = r->_run;
    Writer *w = r->_writer;
    if (UNLIKELY(r->_chunk != NULL)) {
        if (run->tail_pos - r->_pos > READER_LAG_BYTES_MAX) w->ops->slow(w);
    } else if (LIKELY(writer_is_free(w))) {
        write_log(r, run->head);
    } else if (writer_is_waiting(w) && !w->_finishing) {
        pin(r, run->head);
    } else {
        r->_pos = run->tail_pos; /* it is going away */
    }
}

bool reader_resume(Reader *r)
{
    if (!r->_chunk) return true;
    if (!write_log(r, r->_chunk)) return false;
    unpin(r);
    return true;
}

Str reader_frame_rest(const Reader *r)
{
    const RunChunk *c = r->_chunk; /* a frame never crosses a chunk */
    return str_make(c->bytes + (r->_pos - c->start), (size_t)(r->_writer->_partial_end - r->_pos));
}

Str reader_frame_whole(const Reader *r)
{
    const RunChunk *c = r->_chunk;
    uint64_t end = r->_writer->_partial_end;
    /* Frames tile the chunk from its start. */
    uint64_t from = c->start, next = from;
    while (next < end) {
        from = next;
        next += wire_frame_len(r->_run->format, c->bytes + (from - c->start));
    }
    return str_make(c->bytes + (from - c->start), (size_t)(end - from));
}

bool reader_finish_frame(Reader *r)
{
    Writer *w = r->_writer;
    Str rest = reader_frame_rest(r);
    struct iovec part = {(void *)(uintptr_t)rest.at, rest.len};
    ssize_t n = writer_write(w, &part, 1);
    if (n < 0) n = (ssize_t)rest.len;
    r->_pos += (uint64_t)n;
    if (r->_pos < w->_partial_end) return false;
    if (r->_pos == r->_run->tail_pos) unpin(r);
    return true;
}

void hub_want_epoch(Hub *h, Reader *r)
{
    CHECK(r->_run->hub == h);
    r->_run->wants_epoch = true;
}

/* Nobody is held, so whoever will read this publication reads the one before it as well. */
static bool run_sends_deltas(const Run *run)
{
    return run->format & WIRE_DELTA && !run->hold;
}

static void encode(Hub *h, Run *run, Str name, const Publication *p)
{
    Publication told = *p;
    if (run->wants_epoch && p->epoch.len) {
        told.tell_epoch = true;
        run->wants_epoch = false;
    }
    if (run_sends_deltas(run)) told.previous = buf_view(&run->previous);
    buf_clear(&h->frame);
    wire_publication(run->format, name, &told, &h->frame);
}

static void note_previous(Run *run, const Publication *p)
{
    if (!run_sends_deltas(run) || p->kind != PUBLICATION_DATA) return;
    buf_clear(&run->previous);
    buf_add(&run->previous, p->data);
    if (buf_status(&run->previous) != ST_OK) buf_done(&run->previous);
}

void hub_publish(Hub *h, uint32_t tenant_no, Str name, const Publication *p)
{
    HubChannel *c = map_get(&h->channels, make_key(h, tenant_no, name));
    for (Run *run = c ? c->runs : NULL; run; run = run->next) {
        if (p->kind != PUBLICATION_DATA && run->wish != HUB_DATA_AND_PEOPLE) continue;
        encode(h, run, name, p);
        if (buf_status(&h->frame) != ST_OK) continue; /* over the frame limit: refused at intake */
        if (buf_len(&h->frame) == 0) continue;
        if (p->offset) skip_told(run, p, buf_len(&h->frame));
        log_append(run, buf_view(&h->frame));
        note_previous(run, p);
        if (run->hold && p->offset) note_append(run->hold, p->offset, run->tail_pos);
        run_mark(run);
    }
}

uint32_t hub_visit(Hub *h, uint32_t tenant_no, Str name, WireFormat format,
                   void (*visit)(Writer *w, void *ctx), void *ctx)
{
    const HubChannel *c = map_get(&h->channels, make_key(h, tenant_no, name));
    uint32_t count = 0;
    Run *run = c ? c->runs : NULL;
    while (run && run->format != format) run = run->next;
    ListNode *n = run ? list_first(&run->readers) : NULL;
    while (n) {
        Reader *r = CONTAINER_OF(n, Reader, _node);
        n = list_next(&run->readers, n); /* before the run may go away with its last reader */
        if (visit) visit(r->_writer, ctx);
        count++;
    }
    return count;
}

/* Visits up to `budget` readers of one run; returns how many. */
static unsigned run_slice(Run *run, unsigned budget)
{
    unsigned visited = 0;
    run->in_slice = true;
    if (!run->visit) {
        run->visit = list_first(&run->readers);
        run->pass_end = run->tail_pos;
    }
    while (run->visit && visited < budget) {
        Reader *r = CONTAINER_OF(run->visit, Reader, _node);
        run->visit = list_next(&run->readers, run->visit);
        if (run->visit) __builtin_prefetch(CONTAINER_OF(run->visit, Reader, _node)->_writer);
        if (r->_pos < run->tail_pos) deliver(r);
        visited++;
    }
    run->in_slice = false;
    return visited;
}

bool hub_pump(Hub *h, unsigned budget)
{
    h->awake = false;
    while (budget && !list_is_empty(&h->dirty)) {
        Run *run = CONTAINER_OF(list_first(&h->dirty), Run, dirty);
        list_unlink(&run->dirty);
        unsigned visited = run_slice(run, budget < FANOUT_SLICE ? budget : FANOUT_SLICE);
        budget -= visited ? visited : 1;
        if (list_is_empty(&run->readers)) {
            run_free_if_unused(run);
            continue;
        }
        bool pass_over = run->visit == NULL;
        if (pass_over) log_trim(run, run->pass_end);
        if (!pass_over || run->pass_end != run->tail_pos) list_push_back(&h->dirty, &run->dirty);
    }
    if (list_is_empty(&h->dirty)) return false;
    h->awake = true; /* the caller comes back by itself */
    return true;
}
