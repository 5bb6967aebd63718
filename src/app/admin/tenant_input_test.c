#include "app/admin/tenant_input.h"

#include "base/limits.h"
#include "check_test.h"

typedef struct Read {
    Arena arena;
    Json json;
    Problems problems;
    TenantInput in;
} Read;

static void read_body(Read *r, const char *body)
{
    *r = (Read){.problems = {.count = 0}};
    arena_init(&r->arena, 1 << 20);
    assert_status(json_parse(str_of(body), &r->arena, &r->json, NULL), ST_OK);
    const Fields f = {&r->json, &r->arena, &r->problems};
    tenant_input_read(&f, &r->in);
}

static void refused(const char *body, const char *part)
{
    Read r;
    read_body(&r, body);
    assert_int_equal(r.problems.count, 1);
    Str sentence;
    assert_true(arena_copy(&r.arena, r.problems.text[0], &sentence)); /* NUL-terminated */
    if (!strstr(sentence.at, part))
        fail_msg("%s: \"%s\" is not in \"%s\"", body, part, sentence.at);
    arena_done(&r.arena);
}

TEST(tenant_input_reads_every_field)
{
    Read r;
    read_body(&r, "{\"name\":\"Blue\",\"slug\":\"blue-1\",\"rateLimitPerMinute\":0,\"dailyCap\":5,"
                  "\"webhookSecret\":\"0123456789abcdef\",\"webhookSecretOverlapSeconds\":604800,"
                  "\"deliveryChannels\":[\"PUSH\",\"SMS\",\"PUSH\"],"
                  "\"channels\":[\"a\",\"b.c\",\"a\"],\"senderEmail\":\"a@b.example\","
                  "\"senderName\":\"Bl\\u00fce\",\"bridgeDialects\":false,\"active\":true}");
    assert_int_equal(r.problems.count, 0);
    assert_str(r.in.name, "Blue");
    assert_str(r.in.slug, "blue-1");
    assert_true(r.in.has_rate && r.in.rate_limit_per_minute == 0);
    assert_true(r.in.has_cap && r.in.daily_cap == 5);
    assert_str(r.in.webhook_secret, "0123456789abcdef");
    assert_int_equal(r.in.webhook_overlap_s, 604800);
    assert_int_equal(r.in.delivery_channels, CHANNEL_BIT(CHANNEL_PUSH) | CHANNEL_BIT(CHANNEL_SMS));
    assert_str(r.in.channels, "[\"a\",\"b.c\"]");
    assert_str(r.in.sender_email, "a@b.example");
    assert_str(r.in.sender_name, "Bl\xc3\xbc"
                                 "e");
    assert_true(r.in.has_bridge && !r.in.bridge_dialects);
    assert_true(r.in.has_active && r.in.active);
    arena_done(&r.arena);
}

TEST(tenant_input_leaves_absent_fields_alone)
{
    Read r;
    TenantRow row = {.name = S("n"), .slug = S("s"), .channels = S("[\"x\"]"), .daily_cap = 7};
    read_body(&r, "{\"senderEmail\":null,\"webhookSecret\":null}");
    assert_int_equal(r.problems.count, 0);
    assert_true(r.in.has_webhook && !r.in.webhook_secret.at); /* remove it */
    row.sender_email = S("old@b.example");
    tenant_input_apply(&r.in, &row);
    assert_str(row.name, "n");
    assert_str(row.channels, "[\"x\"]");
    assert_int_equal(row.daily_cap, 7);
    assert_str(row.sender_email, "");
    arena_done(&r.arena);
}

TEST(tenant_input_names_what_is_wrong)
{
    refused("{\"name\":5}", "name must be a string");
    refused("{\"name\":\"\"}", "name should not be empty");
    refused("{\"name\":\"  \"}", "name should not be empty");
    refused("{\"name\":\"a\\nb\"}", "control characters");
    refused("{\"slug\":\"A\"}", "slug must");
    refused("{\"slug\":\"-a\"}", "slug must");
    refused("{\"dailyCap\":-1}", "dailyCap must be an integer");
    refused("{\"dailyCap\":1.5}", "dailyCap must be an integer");
    refused("{\"rateLimitPerMinute\":99999999999}", "rateLimitPerMinute must be an integer");
    refused("{\"deliveryChannels\":[\"push\"]}", "each value in deliveryChannels");
    refused("{\"deliveryChannels\":\"PUSH\"}", "deliveryChannels must be an array");
    refused("{\"channels\":[\"a#b\"]}", "each value in channels");
    refused("{\"channels\":[\"global_system\"]}", "each value in channels");
    refused("{\"channels\":[\"global_state\"]}", "each value in channels");
    refused("{\"channels\":[5]}", "each value in channels");
    refused("{\"senderEmail\":\"nobody\"}", "senderEmail must be an email address");
    refused("{\"senderEmail\":\"a@b\\r\\nBcc: c@d\"}", "control characters");
    refused("{\"bridgeDialects\":\"no\"}", "bridgeDialects must be true or false");
    refused("{\"webhookSecret\":\"\"}", "webhookSecret should not be empty");
    refused("{\"webhookSecret\":\"0123456789abcde\"}",
            "webhookSecret must be 16 to 256 bytes long");
    refused("{\"webhookSecret\":\"0123456789abcdef\",\"webhookSecretOverlapSeconds\":604801}",
            "webhookSecretOverlapSeconds must be an integer from 0 to 604800");
    refused("{\"webhookSecretOverlapSeconds\":5}", "needs a new webhookSecret");
    refused("{\"webhookSecret\":null,\"webhookSecretOverlapSeconds\":5}",
            "needs a new webhookSecret");
    refused("{\"color\":\"red\"}", "property color should not exist; known are: name, slug");
}

TEST(tenant_input_collects_all_problems_up_to_a_ceiling)
{
    Read r;
    read_body(&r, "{\"name\":1,\"slug\":2,\"dailyCap\":\"x\",\"nope\":1}");
    assert_int_equal(r.problems.count, 4);
    arena_done(&r.arena);

    read_body(&r, "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,"
                  "\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1,\"r\":1}");
    assert_int_equal(r.problems.count, PROBLEMS_MAX);
    arena_done(&r.arena);
}

TEST(tenant_input_takes_no_more_channels_than_fit)
{
    char body[1024];
    for (int count = TENANT_CHANNELS_MAX; count <= TENANT_CHANNELS_MAX + 1; count++) {
        Read r;
        size_t len = (size_t)snprintf(body, sizeof body, "{\"channels\":[");
        for (int i = 0; i < count; i++)
            len += (size_t)snprintf(body + len, sizeof body - len, "%s\"c%d\"", i ? "," : "", i);
        snprintf(body + len, sizeof body - len, "]}");
        read_body(&r, body);
        assert_int_equal(r.problems.count, count > TENANT_CHANNELS_MAX);
        arena_done(&r.arena);
    }
}

TEST(slugs_are_derived_from_any_name)
{
    Arena a;
    arena_init(&a, 1 << 20);
    assert_str(slug_from(S("Blue Door, Ltd."), &a), "blue-door-ltd");
    assert_str(slug_from(S("  --x--  "), &a), "x");
    assert_str(slug_from(S("Gr\xc3\xb6\xc3\x9f"
                           "e & Co. 2"),
                         &a),
               "gr-e-co-2");
    assert_str(slug_from(S("\xe2\x98\x83"), &a), "tenant");
    char longer[200];
    memset(longer, 'x', sizeof longer);
    assert_int_equal(slug_from(str_make(longer, sizeof longer), &a).len, SLUG_MAX);
    arena_done(&a);
}

TEST(tenant_admins_change_only_what_is_listed)
{
    static const char *const own[] = {"{}", "{\"senderName\":\"x\",\"channels\":[]}",
                                      "{\"webhookSecret\":null}"};
    static const char *const operators[] = {"{\"dailyCap\":1}", "{\"active\":false}",
                                            "{\"senderName\":\"x\",\"name\":\"y\"}",
                                            "{\"deliveryChannels\":[]}", "{\"unknown\":1}"};
    Arena a;
    Json json;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        assert_status(json_parse(str_of(own[i]), &a, &json, NULL), ST_OK);
        assert_true(tenant_input_is_own(&json, &a));
    }
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        assert_status(json_parse(str_of(operators[i]), &a, &json, NULL), ST_OK);
        assert_false(tenant_input_is_own(&json, &a));
    }
    arena_done(&a);
}

TEST(email_addresses_are_safe_in_a_header)
{
    static const char *const good[] = {"a@b", "first.last+tag@mail.example.com", "o'x@b-c.example"};
    static const char *const bad[] = {
        "",        "a",     "@b",        "a@",          "a@b..c",
        "a@-b",    "a b@c", "a@b c",     "<a@b>",       "a@b\r\nx",
        "a@b,c@d", "a;b@c", "a\"b@c.de", "a@[1.2.3.4]", "\xc3\xb6@b.example"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(email_is_good(str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (email_is_good(str_of(bad[i]))) fail_msg("%s was taken", bad[i]);
}

TEST_MAIN()
