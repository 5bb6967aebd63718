#include "domain/tenant/tenant.h"

#include "check_test.h"
#include "domain/tenant/build.h"

static Tenant *team(uint32_t no, const char *slug, const char *key, bool active)
{
    Tenant *t = tenant_new();
    TenantRow row = {.no = no,
                     .id = {{(uint8_t)no}},
                     .name = S("Team"),
                     .slug = str_of(slug),
                     .active = active,
                     .key_hash = hash_sha256(str_of(key)),
                     .channels = S("[\"orders\",\"billing\"]"),
                     .sender_email = S(""),
                     .sender_name = S("")};
    assert_status(tenant_fill(t, &row, NULL), ST_OK);
    return t;
}

static void add(Tenant *t, const char *event_type, Channel channel, const char *body)
{
    TemplateRow row = {.event_type = str_of(event_type),
                       .channel = channel,
                       .subject = S(""),
                       .body = str_of(body),
                       .target_channel = S(""),
                       .version = 1};
    assert_status(tenant_add_template(t, &row, NULL), ST_OK);
}

TEST(snapshot_finds_tenants_by_key_id_and_slug)
{
    Tenant *both[] = {team(1, "one", "key-1", true), team(2, "two", "key-2", false)};
    Snapshot *s = snapshot_new(both, 2, platform_new());
    assert_ptr_equal(snapshot_by_api_key(s, S("key-1"), 0), both[0]);
    assert_ptr_equal(snapshot_by_api_key(s, S("key-2"), 0),
                     both[1]); /* the caller looks at active */
    assert_false(both[1]->active);
    assert_null(snapshot_by_api_key(s, S("key-3"), 0));
    assert_null(snapshot_by_api_key(s, S(""), 0));
    assert_ptr_equal(snapshot_by_id(s, both[0]->id_text), both[0]);
    assert_null(snapshot_by_id(s, S("01000000-0000-0000-0000-00000000000")));
    assert_ptr_equal(snapshot_by_slug(s, S("two")), both[1]);
    assert_null(snapshot_by_slug(s, S("Two")));
    snapshot_unref(s);
}

TEST(snapshot_finds_a_rotated_key_until_its_overlap_ends)
{
    Tenant *t = tenant_new();
    TenantRow row = {.no = 7,
                     .slug = S("one"),
                     .name = S("One"),
                     .channels = S("[]"),
                     .sender_email = S(""),
                     .sender_name = S(""),
                     .key_hash = hash_sha256(S("new")),
                     .has_old_key = true,
                     .old_key_hash = hash_sha256(S("old")),
                     .old_key_until_ms = 5000};
    assert_status(tenant_fill(t, &row, NULL), ST_OK);
    Snapshot *s = snapshot_new(&t, 1, platform_new());
    assert_ptr_equal(snapshot_by_api_key(s, S("new"), 9000), t);
    assert_ptr_equal(snapshot_by_api_key(s, S("old"), 4999), t);
    assert_null(snapshot_by_api_key(s, S("old"), 5000));
    assert_ptr_equal(snapshot_by_no(s, 7), t);
    assert_null(snapshot_by_no(s, 8));
    snapshot_unref(s);
}

TEST(snapshot_prefers_the_tenants_template_to_the_platforms)
{
    Tenant *t = team(1, "one", "key", true);
    add(t, "global.info", CHANNEL_PUSH, "own");
    add(t, "order", CHANNEL_SMS, "sms");
    Snapshot *s = snapshot_new(&t, 1, platform_new());
    const TenantTemplate *own = snapshot_template(s, t, S("global.info"), CHANNEL_PUSH);
    const TenantTemplate *built_in = snapshot_template(s, t, S("global.info"), CHANNEL_EMAIL);
    assert_non_null(own);
    assert_non_null(built_in);
    assert_ptr_not_equal(own, snapshot_template(s, s->platform, S("global.info"), CHANNEL_PUSH));
    assert_ptr_equal(built_in, snapshot_template(s, s->platform, S("global.info"), CHANNEL_EMAIL));
    assert_non_null(snapshot_template(s, t, S("order"), CHANNEL_SMS));
    assert_null(snapshot_template(s, t, S("order"), CHANNEL_PUSH));
    assert_null(snapshot_template(s, t, S("Order"), CHANNEL_SMS)); /* exact (KIT-21) */
    assert_null(snapshot_template(s, t, S("global.none"), CHANNEL_PUSH));
    snapshot_unref(s);
}

TEST(tenant_knows_its_channels)
{
    Tenant *t = team(1, "one", "key", true);
    assert_int_equal(t->channel_count, 2);
    assert_true(tenant_has_channel(t, S("global_system")));
    assert_true(tenant_has_channel(t, S("orders")));
    assert_false(tenant_has_channel(t, S("order")));
    assert_false(tenant_has_channel(t, S("orders#u")));
    assert_false(tenant_has_channel(t, S("")));
    tenant_unref(t);
}

TEST(tenant_lives_as_long_as_somebody_holds_it)
{
    Tenant *t = team(1, "one", "key", true);
    add(t, "order", CHANNEL_PUSH, "{{x}}");
    Snapshot *s = snapshot_new(&t, 1, platform_new());
    Tenant *held = tenant_ref(t);
    snapshot_ref(s);
    snapshot_unref(s);
    snapshot_unref(s); /* the last one: the snapshot goes, the tenant stays */
    assert_str(held->slug, "one");
    tenant_unref(held);
    tenant_unref(NULL);
    snapshot_unref(NULL);
}

TEST(tenant_refuses_what_does_not_compile_and_stays_whole)
{
    Tenant *t = team(1, "one", "key", true);
    Err err = {""};
    TemplateRow row = {.event_type = S("order"),
                       .channel = CHANNEL_PUSH,
                       .subject = S(""),
                       .body = S("{{#if x}}"),
                       .target_channel = S("")};
    assert_status(tenant_add_template(t, &row, &err), ST_INVALID);
    assert_non_null(strstr(err.text, "body: line 1"));
    row.body = S("fine");
    row.subject = S("{{");
    assert_status(tenant_add_template(t, &row, &err), ST_INVALID);
    assert_non_null(strstr(err.text, "subject: line 1"));
    row.subject = S("");
    assert_status(tenant_add_template(t, &row, NULL), ST_OK);
    assert_status(tenant_add_template(t, &row, NULL), ST_CONFLICT);
    tenant_unref(t);
}

TEST_MAIN()
