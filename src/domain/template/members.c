/* Most objects need no sorting: no index among the keys and, for a handful of keys, a glance at each
 * pair shows that all differ. The others are sorted twice: by key to find the equal ones, then into
 * the order of the visit. */
#include "domain/template/members.h"

#include <stdlib.h>

#include "domain/template/jstext.h"

enum { GLANCE_MAX = 8, STEPS_PER_SORTED = 8, STEPS_PER_ESCAPED = 8 };

typedef struct Sorter {
    const Json *doc;
    Scratch *scratch;
} Sorter;

static bool is_plain(const Json *doc, JsonRef key)
{
    return doc->nodes[key].plain;
}

static Str plain_key(const Json *doc, JsonRef key)
{
    Str raw = json_raw(doc, key);
    return str_make(raw.at + 1, raw.len - 2);
}

/* Escaped keys are unescaped again at each comparison: slow, rare, and charged for. */
static int compare_keys(const Sorter *s, JsonRef a, JsonRef b)
{
    Arena brief;
    Str x = plain_key(s->doc, a), y = plain_key(s->doc, b);
    if (is_plain(s->doc, a) && is_plain(s->doc, b)) return str_compare(x, y);
    arena_init(&brief, x.len + y.len + (size_t)4 * ARENA_CHUNK_BYTES);
    bool ok = json_string(s->doc, a, &brief, &x) && json_string(s->doc, b, &brief, &y);
    if (!ok) *s->scratch->steps = 0; /* no memory: the render ends, any order will do */
    int order = str_compare(x, y);
    arena_done(&brief);
    return order;
}

static int by_key(const void *a, const void *b, void *sorter)
{
    const Member *x = a, *y = b;
    int order = compare_keys(sorter, x->key, y->key);
    return order ? order : x->place < y->place ? -1 : 1;
}

static int by_visit(const void *a, const void *b)
{
    const Member *x = a, *y = b;
    if (x->index != y->index) return x->index < y->index ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

static uint32_t collect(Value object, Scratch *scratch, Buf *rows, bool *ret_has_index)
{
    const Json *doc = object.doc;
    uint32_t count = 0;
    for (JsonRef k = json_first(doc, object.ref); k != JSON_NONE;
         k = json_next(doc, object.ref, k)) {
        Member m = {k, k + 1, UINT32_MAX, count++};
        Str key = plain_key(doc, k);
        if (!is_plain(doc, k)) {
            scratch_charge(scratch, STEPS_PER_ESCAPED);
            json_string(doc, k, &scratch->arena, &key);
        }
        js_array_index(key, &m.index);
        *ret_has_index |= m.index != UINT32_MAX;
        buf_add(rows, str_make(&m, sizeof m));
    }
    return count;
}

static bool all_differ(const Sorter *s, const Member *m, uint32_t count)
{
    if (count > GLANCE_MAX) return false; /* not known */
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (compare_keys(s, m[i].key, m[k].key) == 0) return false;
    return true;
}

/* Of each run of equal keys, keeps the first with the value of the last. */
static uint32_t merge_equal(const Sorter *s, Member *m, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept > 0 && compare_keys(s, m[kept - 1].key, m[i].key) == 0)
            m[kept - 1].value = m[i].value;
        else
            m[kept++] = m[i];
    }
    return kept;
}

bool members_list(Value object, Scratch *scratch, Buf *rows, uint32_t *ret_count)
{
    Sorter sorter = {object.doc, scratch};
    bool has_index = false;
    size_t base = buf_len(rows);
    uint32_t count = collect(object, scratch, rows, &has_index);
    if (buf_status(rows) != ST_OK) return false;
    *ret_count = count;
    if (count == 0) return true;
    scratch_charge(scratch, count > GLANCE_MAX ? count * STEPS_PER_SORTED : count);
    Member *m = (Member *)(void *)((char *)(uintptr_t)buf_view(rows).at + base);
    bool differ = all_differ(&sorter, m, count);
    if (!differ) {
        qsort_r(m, count, sizeof *m, by_key, &sorter);
        count = merge_equal(&sorter, m, count);
        buf_truncate(rows, base + count * sizeof *m);
    }
    if (!differ || has_index) qsort(m, count, sizeof *m, by_visit);
    *ret_count = count;
    return true;
}
