/* What the conformance suite cannot see: the index after a start, beyond its ceiling, and after rows went. */
#include "driver/store/sqlite_key.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "check_test.h"
#include "driver/store/sqlite_files.h"
#include "driver/store/sqlite_schema.h"

enum { SLOTS = 1024, ROOM = SLOTS / 4 * 3, NOW = 1000, TTL = 1000 };

typedef struct World {
    char directory[64];
    Path path;
    Db *db;
    Keys keys;
    Arena arena;
    Err err;
} World;

static void world_new(World *w)
{
    *w = (World){.keys._slots_max = SLOTS};
    snprintf(w->directory, sizeof w->directory, "/tmp/orq-key-XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    assert_status(database_create(str_of(w->directory), &w->path, &w->err), ST_OK);
    assert_status(db_open(w->path.z, NULL, DB_WRITER, &w->db, &w->err), ST_OK);
    arena_init(&w->arena, MIB(1));
}

static void world_open(World *w)
{
    world_new(w);
    assert_status(schema_migrate(w->db, &w->err), ST_OK);
}

static void world_close(World *w)
{
    keys_done(&w->keys);
    db_close(w->db);
    arena_done(&w->arena);
    unlink(w->path.z);
    assert_int_equal(rmdir(w->directory), 0);
}

/* As after a restart: nothing in memory. */
static void forget(World *w)
{
    keys_done(&w->keys);
    w->keys = (Keys){._slots_max = SLOTS};
}

static EventPlan plan_of(uint64_t key)
{
    EventPlan e = {.tenant_no = 1, .key.set = true};
    Sha256 sum = hash_sha256(str_make(&key, sizeof key));
    memcpy(e.key.hash, sum.at, EVENT_KEY_BYTES);
    return e;
}

/* True: taken; false: a replay. */
static bool take_at(World *w, uint64_t key, int64_t now_ms)
{
    char answer[32];
    int len = snprintf(answer, sizeof answer, "answer %llu", (unsigned long long)key);
    EventPlan e = plan_of(key);
    e.event_id = S("event");
    e.answer = str_make(answer, (size_t)len);
    e.created_ms = now_ms;
    e.key.expires_ms = now_ms + TTL;
    assert_status(key_take(&w->keys, w->db, &e, &w->arena, &w->err), ST_OK);
    if (e.ret_replay.is) assert_true(str_eq(e.ret_replay.answer, e.answer));
    return !e.ret_replay.is;
}

static bool take(World *w, uint64_t key)
{
    return take_at(w, key, NOW);
}

static int64_t number(World *w, const char *sql)
{
    int64_t value = -1;
    assert_status(db_pragma_int(w->db, sql, &value, &w->err), ST_OK);
    return value;
}

static void assert_rows(World *w, int64_t log, int64_t spill)
{
    assert_int_equal(number(w, "SELECT count(*) FROM idempotency"), log);
    assert_int_equal(number(w, "SELECT count(*) FROM idempotency_spill"), spill);
}

static void sql(World *w, const char *text)
{
    assert_status(db_script(w->db, text, &w->err), ST_OK);
}

TEST(key_is_found_after_a_start_whether_loaded_in_bites_or_at_once)
{
    enum { COUNT = 700 };
    World w;
    world_open(&w);
    for (uint64_t i = 0; i < COUNT; i++) assert_true(take(&w, i));
    forget(&w);
    for (uint64_t i = 0; i < COUNT; i++) assert_false(take(&w, i));
    forget(&w);
    while (!w.keys.loaded) assert_status(keys_load(&w.keys, w.db, &w.err), ST_OK);
    for (uint64_t i = 0; i < COUNT; i++) assert_false(take(&w, i));
    assert_true(take(&w, COUNT));
    world_close(&w);
}

TEST(key_beyond_the_ceiling_goes_to_the_spill_and_is_found_there)
{
    enum { COUNT = ROOM + 300 };
    World w;
    world_open(&w);
    for (uint64_t i = 0; i < COUNT; i++) assert_true(take(&w, i));
    assert_rows(&w, ROOM, COUNT - ROOM);
    for (uint64_t i = 0; i < COUNT; i++) assert_false(take(&w, i));
    forget(&w);
    for (uint64_t i = 0; i < COUNT; i++) assert_false(take(&w, i));
    assert_rows(&w, ROOM, COUNT - ROOM);
    world_close(&w);
}

/* What was swept makes room, and keys in the spill keep being found until they go, too. */
TEST(key_comes_back_to_the_log_when_there_is_room_again)
{
    World w;
    world_open(&w);
    for (uint64_t i = 0; i < ROOM + 10; i++) assert_true(take(&w, i));
    sql(&w, "DELETE FROM idempotency WHERE no <= 400");
    for (uint64_t i = 5000; i < 5100; i++) assert_true(take(&w, i));
    assert_rows(&w, ROOM - 400 + 100, 10);
    assert_false(take(&w, ROOM + 5));
    assert_true(take(&w, 5)); /* its row is gone */
    sql(&w, "DELETE FROM idempotency");
    for (uint64_t i = 6000; i < 6000 + ROOM; i++) assert_true(take(&w, i));
    assert_rows(&w, ROOM, 10);
    world_close(&w);
}

TEST(key_that_expired_is_taken_again_in_both_places)
{
    World w;
    world_open(&w);
    for (uint64_t i = 0; i < ROOM + 10; i++) assert_true(take(&w, i));
    assert_false(take_at(&w, 3, NOW + TTL - 1));
    assert_true(take_at(&w, 3, NOW + TTL));
    assert_false(take_at(&w, 3, NOW + TTL));
    assert_false(take_at(&w, ROOM + 3, NOW + TTL - 1));
    assert_true(take_at(&w, ROOM + 3, NOW + TTL));
    assert_false(take_at(&w, ROOM + 3, NOW + TTL));
    assert_int_equal(number(&w, "SELECT (SELECT count(*) FROM idempotency) + "
                                "(SELECT count(*) FROM idempotency_spill)"),
                     ROOM + 10);
    world_close(&w);
}

TEST(key_of_a_rolled_back_transaction_is_free)
{
    World w;
    world_open(&w);
    assert_true(take(&w, 1));
    sql(&w, "BEGIN IMMEDIATE");
    assert_true(take(&w, 2));
    assert_true(take(&w, 3));
    assert_false(take(&w, 2));
    sql(&w, "ROLLBACK");
    assert_true(take(&w, 3)); /* the other way round: numbers must not be mixed up */
    assert_true(take(&w, 2));
    for (uint64_t i = 1; i <= 3; i++) assert_false(take(&w, i));
    assert_rows(&w, 3, 0);
    world_close(&w);
}

TEST(key_that_is_released_is_free_in_both_places)
{
    World w;
    world_open(&w);
    for (uint64_t i = 0; i < ROOM + 10; i++) assert_true(take(&w, i));
    const uint64_t both[] = {5, ROOM + 5};
    for (size_t i = 0; i < 2; i++) {
        EventPlan e = plan_of(both[i]);
        assert_status(key_release(&w.keys, w.db, &e, &w.err), ST_OK);
        assert_true(take(&w, both[i]));
        assert_false(take(&w, both[i]));
    }
    world_close(&w);
}

/* A database that has seen the schemas before the one that brought the spill, with a key in it. */
static void open_old(World *w, const char *insert)
{
    uint32_t version = 0;
    char mark[64];
    world_new(w);
    while (!strstr(schema_files[version], "idempotency_spill")) sql(w, schema_files[version++]);
    snprintf(mark, sizeof mark, "PRAGMA application_id=0x4f525131; PRAGMA user_version=%u",
             version);
    sql(w, mark);
    sql(w, insert);
    assert_status(schema_migrate(w->db, &w->err), ST_OK);
}

/* Schema 002 clustered them by hash; they stay where they are and count until they expire. */
TEST(key_from_before_the_log_is_still_taken)
{
    World w;
    uint64_t key = 9;
    char text[512];
    char hex[2 * EVENT_KEY_BYTES + 1] = "";
    Sha256 sum = hash_sha256(str_make(&key, sizeof key));
    hex_encode(sum.at, EVENT_KEY_BYTES, hex);
    snprintf(text, sizeof text,
             "INSERT INTO idempotency (tenant, key_hash, body_hash, event_id, answer, expires_ms) "
             "VALUES (1, x'%s', x'00', 'event', 'answer 9', %d)",
             hex, NOW + TTL);
    open_old(&w, text);
    assert_rows(&w, 0, 1);
    assert_false(take(&w, key));
    assert_true(take(&w, key + 1));
    assert_true(take_at(&w, key, NOW + TTL));
    assert_rows(&w, 2, 1);
    assert_false(take_at(&w, key, NOW + TTL));
    world_close(&w);
}

TEST_MAIN()
