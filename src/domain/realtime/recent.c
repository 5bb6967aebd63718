/* channels by key; `silent` holds them all, the one that spoke (or was asked) longest ago first.
 *
 * Invariants:
 *  1. entries of a channel are its last publications: offsets entries[first].offset .. top, without a hole.
 *  2. bytes is the sum of all entries; it exceeds RECENT_BYTES_MAX only within a publish.
 *  3. A channel without entries keeps its epoch and top for RECENT_PLACE_TTL_MS more.
 *  4. A channel that is not in the map was never spoken on since `silence` became what it is. */
#include "domain/realtime/recent.h"

#include <pthread.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "domain/realtime/channel.h"

typedef struct Entry {
    size_t bytes;
    uint8_t key[8];           /* of a hash; zeros: none */
    Publication *publication; /* in the same block */
} Entry;

typedef struct RecentChannel {
    ListNode silent;
    int64_t touched_ms;
    uint64_t top, epoch;
    uint32_t first, count; /* a ring */
    size_t bytes;
    Entry *entries[RECENT_PUBLICATIONS_MAX];
    uint32_t key_len;
    char key[]; /* tenant number, 4 bytes, then the name */
} RecentChannel;

struct Recent {
    pthread_mutex_t lock;
    Random random;
    Map channels;
    List silent;
    uint64_t silence; /* the epoch of all channels that are not here */
    Buf key;
    size_t bytes;
};

static Str key_of(const void *value)
{
    const RecentChannel *c = value;
    return str_make(c->key, c->key_len);
}

static void new_silence(Recent *r)
{
    r->silence = random_u64(&r->random) | 1; /* real ones are odd (channel.h) */
}

Recent *recent_new(void)
{
    Recent *r = mem_new(Recent);
    pthread_mutex_init(&r->lock, NULL);
    random_init(&r->random);
    new_silence(r);
    map_init(&r->channels, RECENT_CHANNELS_MAX, key_of);
    list_init(&r->silent);
    buf_init(&r->key, 4 + CHANNEL_NAME_MAX);
    return r;
}

/* ---- entries ---- */

static Entry **entry_at(RecentChannel *c, uint32_t i)
{
    return &c->entries[(c->first + i) % RECENT_PUBLICATIONS_MAX];
}

static void drop_first(Recent *r, RecentChannel *c)
{
    Entry *e = *entry_at(c, 0);
    c->bytes -= e->bytes;
    r->bytes -= e->bytes;
    mem_free(e);
    c->first = (c->first + 1) % RECENT_PUBLICATIONS_MAX;
    c->count--;
}

static void drop_all(Recent *r, RecentChannel *c)
{
    while (c->count) drop_first(r, c);
}

static void channel_free(Recent *r, RecentChannel *c)
{
    drop_all(r, c);
    list_unlink(&c->silent);
    CHECK(map_remove(&r->channels, key_of(c)) == c);
    mem_free(c);
    new_silence(r);
}

static RecentChannel *longest_silent(const Recent *r)
{
    ListNode *n = list_first(&r->silent);
    return n ? CONTAINER_OF(n, RecentChannel, silent) : NULL;
}

void recent_free(Recent *r)
{
    if (!r) return;
    for (ListNode *n; (n = list_first(&r->silent));)
        channel_free(r, CONTAINER_OF(n, RecentChannel, silent));
    map_done(&r->channels);
    buf_done(&r->key);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

/* ---- channels ---- */

static Str make_key(Recent *r, uint32_t tenant_no, Str name)
{
    buf_clear(&r->key);
    buf_add(&r->key, str_make(&tenant_no, sizeof tenant_no));
    buf_add(&r->key, name);
    return buf_view(&r->key);
}

static RecentChannel *channel_new(Recent *r, Str key)
{
    RecentChannel *c = mem_zero(sizeof(RecentChannel) + key.len);
    c->key_len = (uint32_t)key.len;
    memcpy(c->key, key.at, key.len);
    c->epoch = r->silence; /* before another's end changes it */
    if (map_count(&r->channels) == RECENT_CHANNELS_MAX) channel_free(r, longest_silent(r));
    CHECK(map_put(&r->channels, c) == ST_OK);
    list_push_back(&r->silent, &c->silent);
    return c;
}

/* It was spoken on, or asked about. */
static void touch(Recent *r, RecentChannel *c, int64_t mono_ms)
{
    if (c->count && mono_ms - c->touched_ms > RECENT_TTL_MS) drop_all(r, c);
    c->touched_ms = mono_ms;
    list_unlink(&c->silent);
    list_push_back(&r->silent, &c->silent);
}

static RecentPlace place_of(const RecentChannel *c, uint64_t offset)
{
    return (RecentPlace){offset, c->epoch};
}

/* ---- publishing ---- */

static void hash_key(Str key, uint8_t ret[8])
{
    Sha256 sum = hash_sha256(key);
    memcpy(ret, sum.at, 8);
}

static bool find_key(RecentChannel *c, const uint8_t key[8], uint64_t *ret_offset)
{
    for (uint32_t i = 0; i < c->count; i++) {
        const Entry *e = *entry_at(c, i);
        if (memcmp(e->key, key, sizeof e->key) != 0) continue;
        *ret_offset = e->publication->offset;
        return true;
    }
    return false;
}

static Entry *keep(Recent *r, RecentChannel *c, const Publication *p)
{
    size_t bytes = sizeof(Entry) + publication_size(p);
    Entry *e = mem_alloc(bytes);
    *e = (Entry){.bytes = bytes, .publication = publication_copy(p, e + 1)};
    if (c->count == RECENT_PUBLICATIONS_MAX) drop_first(r, c);
    while (c->count && c->bytes + bytes > RECENT_CHANNEL_BYTES_MAX) drop_first(r, c);
    c->entries[(c->first + c->count++) % RECENT_PUBLICATIONS_MAX] = e;
    c->bytes += bytes;
    r->bytes += bytes;
    return e;
}

/* The longest silent give up what they kept, never the one that just spoke (it is last). */
static void make_room(Recent *r)
{
    for (ListNode *n = list_first(&r->silent); n && r->bytes > RECENT_BYTES_MAX;
         n = list_next(&r->silent, n))
        if (list_next(&r->silent, n)) drop_all(r, CONTAINER_OF(n, RecentChannel, silent));
}

static RecentPlace publish(Recent *r, RecentChannel *c, uint32_t tenant_no, Str channel,
                           const Publication *said, Str key, RecentSay say)
{
    uint8_t hash[8] = {0};
    char epoch[EPOCH_TEXT_LEN];
    uint64_t first_offset;
    Publication p = *said;
    if (key.len) hash_key(key, hash);
    if (key.len && find_key(c, hash, &first_offset)) return place_of(c, first_offset);
    p.offset = ++c->top;
    p.epoch = epoch_text(c->epoch, epoch);
    memcpy(keep(r, c, &p)->key, hash, sizeof hash);
    make_room(r);
    say.say(say.ctx, tenant_no, channel, &p);
    return place_of(c, p.offset);
}

RecentPlace recent_publish(Recent *r, uint32_t tenant_no, Str channel, const Publication *p,
                           Str key, int64_t mono_ms, RecentSay say)
{
    pthread_mutex_lock(&r->lock);
    Str name = make_key(r, tenant_no, channel);
    RecentChannel *c = map_get(&r->channels, name);
    if (!c) c = channel_new(r, name);
    touch(r, c, mono_ms);
    RecentPlace place = publish(r, c, tenant_no, channel, p, key, say);
    pthread_mutex_unlock(&r->lock);
    return place;
}

/* ---- reading ---- */

static Status copy_out(const Publication *p, Arena *arena, CfPublication *ret)
{
    void *at = arena_try(arena, publication_size(p));
    CfClientInfo *info = arena_try(arena, sizeof *info);
    if (!at || !info) return ST_TOO_BIG;
    const Publication *copy = publication_copy(p, at);
    *info = copy->info;
    *ret = (CfPublication){
        .data = copy->data, .offset = copy->offset, .info = copy->info.client.len ? info : NULL};
    return ST_OK;
}

/* Which of the kept ones, as a range of offsets: [from, to). */
static void range_of(const RecentChannel *c, const RecentQuery *q, uint64_t *ret_from,
                     uint64_t *ret_to)
{
    uint64_t from = c->top - c->count + 1, to = c->top + 1;
    if (!q->reverse && q->since >= from) from = q->since < to ? q->since + 1 : to;
    if (q->reverse && q->since && q->since < to) to = q->since > from ? q->since : from;
    if (to - from > q->limit && q->reverse) from = to - q->limit;
    if (to - from > q->limit) to = from + q->limit;
    *ret_from = from;
    *ret_to = to;
}

static Status read_page(RecentChannel *c, const RecentQuery *q, Arena *arena, RecentPage *page)
{
    uint64_t from, to, oldest = c->top - c->count + 1;
    *page = (RecentPage){.top = place_of(c, c->top), .floor = oldest - 1};
    if (q->limit == 0) return ST_OK;
    range_of(c, q, &from, &to);
    page->publications = arena_try(arena, sizeof(CfPublication) * (size_t)(to - from + 1));
    if (!page->publications) return ST_TOO_BIG;
    for (uint64_t i = 0; i < to - from; i++) {
        uint64_t offset = q->reverse ? to - 1 - i : from + i;
        const Entry *e = *entry_at(c, (uint32_t)(offset - oldest));
        Status st = copy_out(e->publication, arena, &page->publications[i]);
        if (st != ST_OK) return st;
        page->count++;
    }
    return ST_OK;
}

Status recent_read(Recent *r, uint32_t tenant_no, Str channel, const RecentQuery *query,
                   int64_t mono_ms, Arena *arena, RecentPage *ret_page)
{
    RecentPage page;
    Status st = ST_OK;
    pthread_mutex_lock(&r->lock);
    RecentChannel *c = map_get(&r->channels, make_key(r, tenant_no, channel));
    if (c) {
        touch(r, c, mono_ms);
        st = read_page(c, query, arena, &page);
    } else {
        page = (RecentPage){.top = {0, r->silence}};
    }
    pthread_mutex_unlock(&r->lock);
    if (st == ST_OK) *ret_page = page;
    return st;
}

/* ---- forgetting ---- */

bool recent_sweep(Recent *r, int64_t mono_ms)
{
    bool more = true;
    pthread_mutex_lock(&r->lock);
    for (int step = 0; step < RECENT_SWEEP_STEP && more; step++) {
        RecentChannel *c = longest_silent(r);
        more = c && mono_ms - c->touched_ms > RECENT_PLACE_TTL_MS;
        if (more) channel_free(r, c);
    }
    pthread_mutex_unlock(&r->lock);
    return more;
}

RecentSize recent_size(Recent *r)
{
    pthread_mutex_lock(&r->lock);
    RecentSize size = {map_count(&r->channels), r->bytes};
    pthread_mutex_unlock(&r->lock);
    return size;
}
