/* Blocks of the source, one behind the other, are found by a hash that rolls over the target byte by byte.
 * A block that is found is extended in both directions.
 *
 * Linear: a source of many equal blocks (which a publisher may choose) is looked through for CHAIN_MAX of
 * them at a place and no more. */
#include "proto/fossil.h"

#include "base/mem.h"

enum { BLOCK = 16, COPY_MIN = 12, CHAIN_MAX = 16 };

#define FACTOR 0x01000193u /* odd, so that no byte of the block is lost */

typedef struct Index { /* of the source's blocks */
    Str source;
    uint32_t *heads; /* by hash: block + 1; 0 is none */
    uint32_t *next;  /* by block: the one before it with the same hash */
    uint32_t mask;
} Index;

typedef struct Match {
    size_t from, at, len; /* in the source, in the target */
} Match;

static uint32_t hash_block(const char *at)
{
    uint32_t h = 0;
    for (int i = 0; i < BLOCK; i++) h = h * FACTOR + (uint8_t)at[i];
    return h;
}

static uint32_t factor_of_the_oldest(void)
{
    uint32_t f = 1;
    for (int i = 0; i < BLOCK - 1; i++) f *= FACTOR;
    return f;
}

static uint32_t slot(const Index *x, uint32_t hash)
{
    return (hash ^ hash >> 15) & x->mask;
}

static void index_init(Index *x, Str source)
{
    uint32_t blocks = (uint32_t)(source.len / BLOCK), size = 16;
    while (size < blocks) size *= 2;
    *x = (Index){.source = source, .mask = size - 1};
    x->heads = mem_zero(sizeof *x->heads * size);
    x->next = mem_zero(sizeof *x->next * (blocks + 1));
    for (uint32_t b = 0; b < blocks; b++) {
        uint32_t s = slot(x, hash_block(source.at + (size_t)b * BLOCK));
        x->next[b] = x->heads[s];
        x->heads[s] = b + 1;
    }
}

static void index_done(Index *x)
{
    mem_free(x->heads);
    mem_free(x->next);
}

static bool is_inside_character(Str target, size_t at)
{
    return at < target.len && ((uint8_t)target.at[at] & 0xc0) == 0x80;
}

/* As far as both agree, from `done` on, at the borders of characters. */
static Match extend(const Index *x, Str target, size_t from, size_t at, size_t done)
{
    size_t len = BLOCK;
    while (from && at > done && x->source.at[from - 1] == target.at[at - 1]) from--, at--, len++;
    while (from + len < x->source.len && at + len < target.len &&
           x->source.at[from + len] == target.at[at + len])
        len++;
    for (int i = 0; i < 3 && len && is_inside_character(target, at); i++) from++, at++, len--;
    for (int i = 0; i < 3 && len && is_inside_character(target, at + len); i++) len--;
    return (Match){from, at, len};
}

/* The longest copy around target[at], where a block of that hash begins. */
static Match find(const Index *x, Str target, uint32_t hash, size_t at, size_t done)
{
    Match best = {0, 0, 0};
    int left = CHAIN_MAX;
    for (uint32_t b = x->heads[slot(x, hash)]; b && left--; b = x->next[b - 1]) {
        size_t from = (size_t)(b - 1) * BLOCK;
        if (memcmp(x->source.at + from, target.at + at, BLOCK) != 0) continue;
        Match m = extend(x, target, from, at, done);
        if (m.len > best.len) best = m;
    }
    return best;
}

/* ---- writing ---- */

static void put_number(Buf *out, uint32_t value)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
    char text[6];
    int at = sizeof text;
    do {
        text[--at] = digits[value & 63];
        value >>= 6;
    } while (value);
    buf_add(out, str_make(text + at, sizeof text - (size_t)at));
}

static void put_literal(Buf *out, Str bytes)
{
    if (bytes.len == 0) return;
    put_number(out, (uint32_t)bytes.len);
    buf_add_byte(out, ':');
    buf_add(out, bytes);
}

static void put_copy(Buf *out, const Match *m)
{
    put_number(out, (uint32_t)m->len);
    buf_add_byte(out, '@');
    put_number(out, (uint32_t)m->from);
    buf_add_byte(out, ',');
}

static uint32_t checksum(Str target)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < target.len; i++)
        sum += (uint32_t)(uint8_t)target.at[i] << (24 - 8 * (i & 3));
    return sum;
}

static void put_segments(const Index *x, Str target, Buf *out)
{
    const uint32_t oldest = factor_of_the_oldest();
    size_t done = 0, at = 0;
    uint32_t hash = target.len >= BLOCK ? hash_block(target.at) : 0;
    while (at + BLOCK <= target.len) {
        Match m = find(x, target, hash, at, done);
        if (m.len >= COPY_MIN) {
            put_literal(out, str_make(target.at + done, m.at - done));
            put_copy(out, &m);
            done = at = m.at + m.len;
            if (at + BLOCK <= target.len) hash = hash_block(target.at + at);
            continue;
        }
        if (at + BLOCK < target.len)
            hash = (hash - (uint8_t)target.at[at] * oldest) * FACTOR +
                   (uint8_t)target.at[at + BLOCK];
        at++;
    }
    put_literal(out, str_from(target, done));
}

bool fossil_delta(Str source, Str target, Buf *out)
{
    Index index;
    size_t begin = buf_len(out);
    if (source.len < BLOCK || target.len < BLOCK || source.len > INT32_MAX ||
        target.len > INT32_MAX)
        return false;
    index_init(&index, source);
    put_number(out, (uint32_t)target.len);
    buf_add_byte(out, '\n');
    put_segments(&index, target, out);
    put_number(out, checksum(target));
    buf_add_byte(out, ';');
    index_done(&index);
    if (buf_status(out) == ST_OK && buf_len(out) - begin < target.len) return true;
    buf_truncate(out, begin);
    return false;
}
