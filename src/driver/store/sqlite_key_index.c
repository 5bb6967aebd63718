/* A slot's place follows from its mark alone, so the table can grow and be cleaned without the keys. The
 * lowest bit of a mark is always set (0 is free) and says nothing; the next ones choose the place, the
 * rest tell neighbours apart: at four million slots that are 9 bits, and one new key in some 250 reads a row in
 * vain. */
#include "driver/store/sqlite_key_index.h"

#include "base/mem.h"

enum { SLOTS_FIRST = 1024 };

void key_index_init(KeyIndex *ix)
{
    *ix = (KeyIndex){0};
}

void key_index_done(KeyIndex *ix)
{
    mem_free(ix->_slots);
    *ix = (KeyIndex){0};
}

static uint32_t home_of(uint32_t mark)
{
    return mark >> 1; /* masked by the caller */
}

KeyProbe key_probe(uint64_t hash)
{
    uint32_t mark = (uint32_t)hash | 1;
    return (KeyProbe){.mark = mark, ._at = home_of(mark)};
}

bool key_index_next(const KeyIndex *ix, KeyProbe *probe, int64_t *ret_no)
{
    if (ix->_cap == 0) return false;
    for (;;) {
        const KeySlot *s = &ix->_slots[probe->_at++ & (ix->_cap - 1)];
        if (!s->mark) return false;
        if (s->mark != probe->mark) continue;
        *ret_no = ix->_newest - (uint32_t)((uint32_t)ix->_newest - s->no_low);
        return true;
    }
}

bool key_index_has_room(const KeyIndex *ix)
{
    return ix->_count < ix->_cap / 4 * 3;
}

static void put(KeyIndex *ix, KeySlot slot)
{
    uint32_t at = home_of(slot.mark);
    while (ix->_slots[at & (ix->_cap - 1)].mark) at++;
    ix->_slots[at & (ix->_cap - 1)] = slot;
    ix->_count++;
}

/* Into fresh slots; false, and nothing changed, when there is no memory for them. */
static bool move(KeyIndex *ix, uint32_t cap, int64_t first_no)
{
    KeyIndex next = {._cap = cap, ._newest = ix->_newest};

    next._slots = mem_try(sizeof *next._slots * cap);
    if (!next._slots) return false;
    memset(next._slots, 0, sizeof *next._slots * cap);
    for (uint32_t i = 0; i < ix->_cap; i++) {
        KeySlot s = ix->_slots[i];
        uint32_t age = (uint32_t)ix->_newest - s.no_low;
        if (s.mark && ix->_newest - age >= first_no) put(&next, s);
    }
    mem_free(ix->_slots);
    *ix = next;
    return true;
}

void key_index_forget_below(KeyIndex *ix, int64_t first_no)
{
    if (ix->_cap)
        (void)move(ix, ix->_cap, first_no); /* without memory they stay: they do no harm */
}

bool key_index_grow(KeyIndex *ix, uint32_t slots_max)
{
    if (ix->_cap >= slots_max) return false;
    return move(ix, ix->_cap ? ix->_cap * 2 : SLOTS_FIRST, INT64_MIN);
}

void key_index_add(KeyIndex *ix, uint64_t hash, int64_t no)
{
    CHECK(key_index_has_room(ix));
    if (no > ix->_newest) ix->_newest = no;
    put(ix, (KeySlot){.mark = key_probe(hash).mark, .no_low = (uint32_t)no});
}
