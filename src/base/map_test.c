#include "base/map.h"

#include "check_test.h"

typedef struct Item {
    char key[16];
    int count;
} Item;

static Str item_key(const void *value)
{
    return str_of(((const Item *)value)->key);
}

enum { MANY = 5000 };

TEST(map_finds_what_was_put_through_growth_and_removal)
{
    Map m;
    Item *items = mem_zero(sizeof(Item) * MANY);
    map_init(&m, MANY, item_key);
    assert_null(map_get(&m, S("0")));
    for (int i = 0; i < MANY; i++) {
        snprintf(items[i].key, sizeof items[i].key, "%d", i);
        assert_status(map_put(&m, &items[i]), ST_OK);
    }
    assert_status(map_put(&m, &items[7]), ST_TOO_BIG);
    for (int i = 0; i < MANY; i += 3)
        assert_ptr_equal(map_remove(&m, item_key(&items[i])), &items[i]);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(map_get(&m, item_key(&items[i])), i % 3 ? &items[i] : NULL);
    assert_status(map_put(&m, &items[1]), ST_CONFLICT);
    assert_null(map_remove(&m, S("nothing")));
    uint32_t seen = 0;
    for (uint32_t i = 0; map_next(&m, &i);) seen++;
    assert_int_equal(seen, map_count(&m));
    for (int i = 0; i < MANY; i++) map_remove(&m, item_key(&items[i]));
    assert_int_equal(map_count(&m), 0);
    assert_null(m._slots);
    map_done(&m);
    mem_free(items);
}

TEST_MAIN()
