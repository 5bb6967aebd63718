#include "domain/tenant/webhook.h"

#include "check_test.h"

static const uint8_t KEY[SEAL_KEY_BYTES] = {1};

typedef struct World {
    Arena arena;
    SealKey *master;
    TenantRow row;
} World;

static void world_init(World *w)
{
    *w = (World){.master = seal_key_new(KEY), .row = {.id = {{9}}}};
    arena_init(&w->arena, 1 << 20);
}

static void world_done(World *w)
{
    seal_key_free(w->master);
    arena_done(&w->arena);
}

static void change(World *w, const char *secret, uint32_t overlap_s)
{
    const WebhookChange wanted = {str_of(secret), overlap_s, 1000000};
    assert_status(webhook_change(&w->row, &wanted, w->master, &w->arena, NULL), ST_OK);
}

/* NULL: there must be none. */
static void assert_holds(World *w, SecretKind kind, Str sealed, const char *secret)
{
    Str opened;
    assert_int_equal(sealed.at != NULL, secret != NULL);
    if (!secret) return;
    assert_status(vault_open(w->master, w->row.id, kind, sealed, &w->arena, &opened, NULL), ST_OK);
    assert_str(opened, secret);
}

static void assert_secrets(World *w, const char *now, const char *old, int64_t until_ms)
{
    assert_holds(w, SECRET_WEBHOOK, w->row.webhook_sealed, now);
    assert_holds(w, SECRET_WEBHOOK_OLD, w->row.webhook_old_sealed, old);
    assert_int_equal(w->row.webhook_old_until_ms, until_ms);
}

TEST(webhook_secret_is_replaced_at_once_or_with_an_overlap)
{
    World w;
    world_init(&w);
    change(&w, "one", 60); /* there was none: nothing to keep */
    assert_secrets(&w, "one", NULL, 0);
    change(&w, "two", 60);
    assert_secrets(&w, "two", "one", 1060000);
    change(&w, "three", 5);
    assert_secrets(&w, "three", "two", 1005000);
    change(&w, "four", 0);
    assert_secrets(&w, "four", NULL, 0);
    world_done(&w);
}

TEST(webhook_secret_that_is_removed_is_gone_with_the_one_before)
{
    World w;
    world_init(&w);
    change(&w, "one", 0);
    change(&w, "two", 60);
    change(&w, NULL, 0);
    assert_secrets(&w, NULL, NULL, 0);
    world_done(&w);
}

TEST(webhook_old_secret_does_not_open_as_the_current_one)
{
    World w;
    Str opened;
    world_init(&w);
    change(&w, "one", 0);
    change(&w, "two", 60);
    assert_status(vault_open(w.master, w.row.id, SECRET_WEBHOOK, w.row.webhook_old_sealed, &w.arena,
                             &opened, NULL),
                  ST_INVALID);
    world_done(&w);
}

TEST(webhook_change_says_so_when_it_cannot_keep_what_it_should)
{
    World w;
    Err err = {""};
    world_init(&w);
    w.row.webhook_sealed = S("damaged, or of another master key, and long enough to look real");
    const WebhookChange wanted = {S("two"), 60, 1000000};
    assert_status(webhook_change(&w.row, &wanted, w.master, &w.arena, &err), ST_INVALID);
    assert_int_not_equal(err_view(&err).len, 0);
    change(&w, "two", 0); /* without the overlap nothing needs to be opened */
    assert_secrets(&w, "two", NULL, 0);
    world_done(&w);
}

TEST_MAIN()
