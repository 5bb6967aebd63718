#include "domain/intake/plan.h"

#include "base/limits.h"
#include "check_test.h"

enum { TEMPLATES_MAX = 8 };
static const int64_t NOW_MS = 1776859200123; /* 2026-04-22T12:00:00.123Z */

/* A tenant, a platform and the loop's loans, all on the stack of a test. */
typedef struct World {
    Arena arena;
    Buf scratch;
    Random random;
    Tenant tenant, platform;
    Snapshot snapshot;
    TemplateGroup groups[TEMPLATES_MAX];
    TenantTemplate templates[TEMPLATES_MAX];
    uint32_t template_count;
    Trigger trigger;
    EventPlan plan;
} World;

static Str group_key(const void *group)
{
    return ((const TemplateGroup *)group)->event_type;
}

static void world_init(World *w)
{
    memset(w, 0, sizeof *w);
    arena_init(&w->arena, MIB(4));
    buf_init(&w->scratch, MIB(4));
    random_init(&w->random);
    assert_true(uuid_parse(S("018f2d5e-1c3a-7b4c-8d5e-6f7a8b9c0d1e"), &w->tenant.id));
    w->tenant.no = 7;
    w->tenant.delivery_channels = CHANNELS_ALL;
    map_init(&w->tenant.groups, 100, group_key);
    map_init(&w->platform.groups, 100, group_key);
    w->snapshot.platform = &w->platform;
}

static void world_done(World *w)
{
    for (uint32_t i = 0; i < w->template_count; i++) {
        template_free(w->templates[i].subject);
        template_free(w->templates[i].body);
    }
    map_done(&w->tenant.groups);
    map_done(&w->platform.groups);
    buf_done(&w->scratch);
    arena_done(&w->arena);
}

static Template *compile(const char *source)
{
    Template *t = NULL;
    Err err = {0};
    if (!source) return NULL;
    if (template_compile(str_of(source), &t, &err) != ST_OK) fail_msg("%s", err.text);
    return t;
}

static TenantTemplate *add_template(World *w, const char *event_type, Channel channel,
                                    const char *subject, const char *body)
{
    TemplateGroup *group = map_get(&w->tenant.groups, str_of(event_type));
    TenantTemplate *t = &w->templates[w->template_count];

    if (!group) {
        group = &w->groups[w->template_count];
        group->event_type = str_of(event_type);
        assert_status(map_put(&w->tenant.groups, group), ST_OK);
    }
    w->template_count++;
    *t = (TenantTemplate){.version = 3,
                          .channel = channel,
                          .subject = compile(subject),
                          .body = compile(body),
                          .target_channel = S("")};
    t->id = uuid_v4(&w->random);
    group->by_channel[channel] = t;
    return t;
}

static Status plan(World *w, const char *body)
{
    Problems problems;
    PlanContext ctx = {&w->snapshot, &w->tenant, NOW_MS, &w->random, &w->arena, &w->scratch};
    assert_status(trigger_parse(str_of(body), &w->arena, &w->trigger, &problems), ST_OK);
    return plan_event(&ctx, &w->trigger, &w->plan, NULL);
}

static const DeliveryPlan *delivery(const World *w, Channel channel)
{
    for (uint8_t i = 0; i < w->plan.delivery_count; i++)
        if (w->plan.deliveries[i].channel == channel) return &w->plan.deliveries[i];
    fail_msg("no %s delivery", channel_name(channel).at);
    return NULL;
}

static void assert_failed(const World *w, Channel channel, const char *cause)
{
    assert_int_equal(delivery(w, channel)->status, DELIVERY_FAILED);
    assert_str(delivery(w, channel)->cause, cause);
}

#define PAYLOAD "\"payload\":{\"userId\":\"u1\"}"

/* ---- PUSH ---- */

TEST(plan_renders_a_push_into_a_notification)
{
    World w;
    char expected[512], id[UUID_TEXT_LEN];

    world_init(&w);
    const TenantTemplate *t = add_template(&w, "order.confirmed", CHANNEL_PUSH, NULL,
                                           "{{title}} — {{message}}");
    assert_status(plan(&w, "{\"eventType\":\"order.confirmed\",\"eventId\":\"e1\"," PAYLOAD
                           ",\"variables\":{\"title\":\"Hi\",\n\"message\":\"<b>\"}}"),
                  ST_OK);
    assert_int_equal(w.plan.tenant_no, 7);
    assert_int_equal(w.plan.created_ms, NOW_MS);
    assert_str(w.plan.event_id, "e1");
    assert_str(w.plan.user_id, "u1");
    assert_str(w.plan.variables, "{\"title\":\"Hi\",\n\"message\":\"<b>\"}");
    assert_int_equal(w.plan.delivery_count, 1);
    assert_int_equal(delivery(&w, CHANNEL_PUSH)->status, DELIVERY_SENT);
    assert_str(delivery(&w, CHANNEL_PUSH)->recipient, "");
    assert_int_equal(delivery(&w, CHANNEL_PUSH)->template_version, 3);
    assert_memory_equal(&delivery(&w, CHANNEL_PUSH)->template_id, &t->id, sizeof t->id);
    assert_true(w.plan.has_notification);
    assert_str(w.plan.notification.title, "Hi");
    assert_str(w.plan.notification.body, "Hi — <b>");
    assert_str(w.plan.notification.channel, "global_system#u1");
    uuid_text(w.plan.notification.id, id);
    snprintf(expected, sizeof expected,
             "{\"title\":\"Hi\",\"body\":\"Hi — <b>\",\"category\":\"order.confirmed\","
             "\"eventType\":\"order.confirmed\",\"id\":\"%.36s\","
             "\"created_at\":\"2026-04-22T12:00:00.123Z\","
             "\"data\":{\"title\":\"Hi\",\"message\":\"<b>\"}}",
             id);
    assert_str(w.plan.notification.data, expected);
    world_done(&w);
}

TEST(plan_titles_by_subject_then_variable_then_a_word)
{
    static const struct {
        const char *subject, *variables, *title;
    } cases[] = {
        {"Order {{n}}", "{\"n\":5,\"title\":\"T\"}", "Order 5"},
        {"{{nothing}}", "{\"title\":\"T\"}", ""},
        {NULL, "{\"title\":\"T\"}", "T"},
        {NULL, "{\"title\":\"\\u00e9\"}", "é"},
        {NULL, "{\"title\":\"\"}", "Notification"},
        {NULL, "{\"title\":7}", "Notification"},
        {NULL, "{}", "Notification"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        World w;
        char body[256];
        world_init(&w);
        add_template(&w, "e", CHANNEL_PUSH, cases[i].subject, "b");
        snprintf(body, sizeof body, "{\"eventType\":\"e\"," PAYLOAD ",\"variables\":%s}",
                 cases[i].variables);
        assert_status(plan(&w, body), ST_OK);
        assert_str(w.plan.notification.title, cases[i].title);
        world_done(&w);
    }
}

TEST(plan_publishes_where_the_template_says)
{
    World w;
    world_init(&w);
    add_template(&w, "e", CHANNEL_PUSH, NULL, "b")->target_channel = S("orders");
    assert_status(plan(&w, "{\"eventType\":\"e\"," PAYLOAD "}"), ST_OK);
    assert_str(w.plan.notification.channel, "orders#u1");
    world_done(&w);
}

TEST(plan_lets_templates_fall_back_to_routing_fields_alone)
{
    World w;
    world_init(&w);
    add_template(&w, "e", CHANNEL_PUSH, NULL,
                 "{{userId}}|{{recipientEmail}}|{{recipientPhone}}|{{zip}}");
    assert_status(plan(&w, "{\"eventType\":\"e\",\"payload\":{\"userId\":\"u1\",\"zip\":\"no\","
                           "\"recipientEmail\":\"a@b.c\",\"recipientPhone\":\"+123\"},"
                           "\"variables\":{\"recipientPhone\":\"mine\"}}"),
                  ST_OK);
    assert_str(w.plan.notification.body, "u1|a@b.c|mine|");
    world_done(&w);
}

/* {"eventType":"e", payload, "variables":{"x":"<unit repeated>"}} planned in w. */
static Status plan_repeated(World *w, const char *unit, size_t times)
{
    Buf body;
    buf_init(&body, MIB(1));
    buf_lit(&body, "{\"eventType\":\"e\"," PAYLOAD ",\"variables\":{\"x\":\"");
    for (size_t i = 0; i < times; i++) buf_add(&body, str_of(unit));
    buf_lit(&body, "\"}}");
    buf_add_byte(&body, '\0');
    assert_status(buf_status(&body), ST_OK);
    Str kept;
    assert_true(arena_copy(&w->arena, buf_view(&body), &kept));
    buf_done(&body);
    return plan(w, kept.at);
}

TEST(plan_cuts_a_long_title_between_characters)
{
    World w;
    world_init(&w);
    add_template(&w, "e", CHANNEL_PUSH, "a{{x}}", "b");
    assert_status(plan_repeated(&w, "é", TITLE_MAX), ST_OK);
    assert_int_equal(w.plan.notification.title.len, TITLE_MAX - 1);
    assert_true(str_ends(w.plan.notification.title, S("é")));
    assert_true(str_starts(w.plan.notification.title, S("aé")));
    world_done(&w);
}

TEST(plan_leaves_out_variables_that_burst_the_message)
{
    World w;
    world_init(&w);
    add_template(&w, "e", CHANNEL_PUSH, NULL, "b");
    assert_status(plan_repeated(&w, "y", PUBLICATION_MAX), ST_OK);
    assert_int_equal(delivery(&w, CHANNEL_PUSH)->status, DELIVERY_SENT);
    assert_true(str_ends(w.plan.notification.data, S(",\"dataOmitted\":true}")));
    assert_true(w.plan.notification.data.len < 300);
    assert_true(w.plan.variables.len > PUBLICATION_MAX); /* the event keeps them */

    assert_status(plan_repeated(&w, "y", PUBLICATION_MAX - 300), ST_OK);
    assert_true(str_ends(w.plan.notification.data, S("y\"}}")));
    assert_true(w.plan.notification.data.len <= PUBLICATION_MAX);
    world_done(&w);
}

TEST(plan_fails_a_push_whose_body_is_too_long)
{
    World w;
    world_init(&w);
    add_template(&w, "e", CHANNEL_PUSH, NULL, "{{x}}");
    assert_status(plan_repeated(&w, "y", PUSH_BODY_MAX), ST_OK);
    assert_int_equal(delivery(&w, CHANNEL_PUSH)->status, DELIVERY_SENT);
    assert_status(plan_repeated(&w, "y", PUSH_BODY_MAX + 1), ST_OK);
    assert_failed(&w, CHANNEL_PUSH, "the rendered body is longer than 49152 bytes");
    assert_false(w.plan.has_notification);
    world_done(&w);
}

TEST(plan_fails_a_push_whose_escapes_burst_the_message)
{
    World w;
    world_init(&w);
    add_template(&w, "e", CHANNEL_PUSH, NULL, "{{x}}");
    assert_status(plan_repeated(&w, "\\\"", PUSH_BODY_MAX), ST_OK);
    assert_failed(&w, CHANNEL_PUSH,
                  "the notification is larger than the 64512 bytes of a realtime message");
    assert_false(w.plan.has_notification);
    world_done(&w);
}

TEST(plan_fails_a_push_that_does_not_render_and_nothing_else)
{
    World w;
    world_init(&w);
    add_template(&w, "e", CHANNEL_PUSH, NULL,
                 "{{#each a}}{{#each @root.a}}{{#each @root.a}}{{#each @root.a}}x{{/each}}"
                 "{{/each}}{{/each}}{{/each}}");
    add_template(&w, "e", CHANNEL_SMS, NULL, "b");
    assert_status(plan(&w, "{\"eventType\":\"e\",\"payload\":{\"userId\":\"u1\","
                           "\"recipientPhone\":\"+254712345678\"},\"variables\":{\"a\":["
                           "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
                           "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"
                           "]}}"),
                  ST_OK);
    assert_int_equal(delivery(&w, CHANNEL_PUSH)->status, DELIVERY_FAILED);
    assert_true(str_starts(delivery(&w, CHANNEL_PUSH)->cause,
                           S("the template's body could not be rendered: ")));
    assert_false(w.plan.has_notification);
    assert_int_equal(delivery(&w, CHANNEL_SMS)->status, DELIVERY_PENDING);
    world_done(&w);
}

/* ---- which deliveries ---- */

TEST(plan_fires_the_wanted_channels_that_have_a_template)
{
    static const struct {
        ChannelSet tenant;
        const char *asked;
        ChannelSet fired;
    } cases[] = {
        {CHANNELS_ALL, "null", CHANNEL_BIT(CHANNEL_EMAIL) | CHANNEL_BIT(CHANNEL_PUSH)},
        {CHANNELS_ALL, "[\"EMAIL\"]", CHANNEL_BIT(CHANNEL_EMAIL)},
        {CHANNELS_ALL, "[\"SMS\"]", 0},
        {CHANNEL_BIT(CHANNEL_PUSH), "null", CHANNEL_BIT(CHANNEL_PUSH)},
        {CHANNEL_BIT(CHANNEL_PUSH), "[\"EMAIL\"]", 0},
        {0, "null", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        World w;
        char body[256];
        ChannelSet fired = 0;
        world_init(&w);
        add_template(&w, "e", CHANNEL_EMAIL, "s", "b");
        add_template(&w, "e", CHANNEL_PUSH, "s", "b");
        add_template(&w, "E", CHANNEL_SMS, NULL, "b"); /* another event: matching is exact */
        w.tenant.delivery_channels = cases[i].tenant;
        snprintf(body, sizeof body, "{\"eventType\":\"e\"," PAYLOAD ",\"channels\":%s}",
                 cases[i].asked);
        assert_status(plan(&w, body), ST_OK);
        for (uint8_t d = 0; d < w.plan.delivery_count; d++)
            fired |= CHANNEL_BIT(w.plan.deliveries[d].channel);
        assert_int_equal(fired, cases[i].fired);
        assert_int_equal(w.plan.has_notification, (fired & CHANNEL_BIT(CHANNEL_PUSH)) != 0);
        world_done(&w);
    }
}

TEST(plan_uses_the_platforms_template_when_the_tenant_has_none)
{
    World w;
    TemplateGroup group = {.event_type = S("global.info")};
    TenantTemplate t = {.channel = CHANNEL_PUSH, .version = 1, .target_channel = S("")};

    world_init(&w);
    t.body = compile("{{message}}");
    group.by_channel[CHANNEL_PUSH] = &t;
    assert_status(map_put(&w.platform.groups, &group), ST_OK);
    assert_status(plan(&w, "{\"eventType\":\"global.info\"," PAYLOAD
                           ",\"variables\":{\"title\":\"T\",\"message\":\"M\"}}"),
                  ST_OK);
    assert_str(w.plan.notification.title, "T");
    assert_str(w.plan.notification.body, "M");
    assert_true(uuid_is_zero(delivery(&w, CHANNEL_PUSH)->template_id));
    template_free(t.body);
    world_done(&w);
}

/* ---- e-mail and SMS ---- */

TEST(plan_checks_the_recipients_address)
{
    static const struct {
        const char *json, *cause; /* "" = PENDING */
    } cases[] = {
        {"\"user@example.com\"", ""},
        {"\"zoë@exämple.com\"", ""},
        {"null", "recipientEmail is required for the EMAIL channel"},
        {"\"\"", "recipientEmail is required for the EMAIL channel"},
        {"\"user\"", "recipientEmail must be an email address, for example user@example.com"},
        {"\"@x\"", "recipientEmail must be an email address, for example user@example.com"},
        {"\"x@\"", "recipientEmail must be an email address, for example user@example.com"},
        {"\"<a@b.c>\"", "recipientEmail must be an email address, for example user@example.com"},
        {"\"a@b.c,d@e.f\"",
         "recipientEmail must be an email address, for example user@example.com"},
        {"\"a@b\\r\\nBcc: c@d\"",
         "recipientEmail must be an email address, for example user@example.com"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        World w;
        char body[256];
        world_init(&w);
        add_template(&w, "e", CHANNEL_EMAIL, "s", "b");
        snprintf(body, sizeof body,
                 "{\"eventType\":\"e\",\"payload\":{\"userId\":\"u\",\"recipientEmail\":%s}}",
                 cases[i].json);
        assert_status(plan(&w, body), ST_OK);
        assert_str(delivery(&w, CHANNEL_EMAIL)->cause, cases[i].cause);
        assert_int_equal(delivery(&w, CHANNEL_EMAIL)->status,
                         cases[i].cause[0] ? DELIVERY_FAILED : DELIVERY_PENDING);
        assert_true(str_eq(delivery(&w, CHANNEL_EMAIL)->recipient, w.trigger.recipient_email));
        assert_false(w.plan.has_notification);
        world_done(&w);
    }
}

TEST(plan_checks_the_recipients_number)
{
    static const char required[] = "recipientPhone is required for the SMS channel";
    static const char e164[] = "recipientPhone must be in E.164 format, for example +254712345678";
    static const struct {
        const char *json, *cause;
    } cases[] = {
        {"\"+254712345678\"", ""}, {"\"+123456789012345\"", ""},    {"null", required},
        {"\"\"", required},        {"\"0712345678\"", e164},        {"\"+0712345678\"", e164},
        {"\"+1\"", e164},          {"\"+1234567890123456\"", e164}, {"\"+25471234567x\"", e164},
        {"\"+254 712\"", e164},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        World w;
        char body[256];
        world_init(&w);
        add_template(&w, "e", CHANNEL_SMS, NULL, "b");
        snprintf(body, sizeof body,
                 "{\"eventType\":\"e\",\"payload\":{\"userId\":\"u\",\"recipientPhone\":%s}}",
                 cases[i].json);
        assert_status(plan(&w, body), ST_OK);
        assert_str(delivery(&w, CHANNEL_SMS)->cause, cases[i].cause);
        assert_int_equal(delivery(&w, CHANNEL_SMS)->status,
                         cases[i].cause[0] ? DELIVERY_FAILED : DELIVERY_PENDING);
        world_done(&w);
    }
}

/* ---- ids ---- */

TEST(plan_gives_every_delivery_an_id_of_its_own)
{
    static const char body[] = "{\"eventType\":\"e\",\"eventId\":\"e1\"," PAYLOAD "}";
    World w;
    Uuid ids[4];
    world_init(&w);
    add_template(&w, "e", CHANNEL_SMS, NULL, "b");
    add_template(&w, "e", CHANNEL_PUSH, NULL, "b");
    for (size_t i = 0; i < 4; i += 2) {
        assert_status(plan(&w, body), ST_OK);
        ids[i] = delivery(&w, CHANNEL_SMS)->id;
        ids[i + 1] = delivery(&w, CHANNEL_PUSH)->id;
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(ids[i].at[6] >> 4, 7);
        for (size_t k = 0; k < i; k++) assert_memory_not_equal(&ids[i], &ids[k], sizeof ids[i]);
    }
    world_done(&w);
}

TEST(plan_names_an_event_that_came_without_an_id)
{
    World w;
    Uuid id;
    world_init(&w);
    assert_status(plan(&w, "{\"eventType\":\"e\"," PAYLOAD "}"), ST_OK);
    assert_true(uuid_parse(w.plan.event_id, &id));
    assert_int_equal(w.plan.delivery_count, 0);
    assert_false(w.plan.has_notification);
    Str first = w.plan.event_id;
    assert_status(plan(&w, "{\"eventType\":\"e\"," PAYLOAD "}"), ST_OK);
    assert_false(str_eq(first, w.plan.event_id));
    world_done(&w);
}

TEST(plan_says_so_when_the_arena_is_full)
{
    World w;
    Arena small;
    unsigned too_big = 0;
    Status st = ST_TOO_BIG;

    world_init(&w);
    add_template(&w, "e", CHANNEL_PUSH, NULL, "{{x}}");
    assert_status(plan_repeated(&w, "y", 3000), ST_OK);
    for (size_t max = 0; st != ST_OK; max += 256) {
        PlanContext ctx = {&w.snapshot, &w.tenant, NOW_MS, &w.random, &small, &w.scratch};
        assert_true(max < KIB(32));
        arena_init(&small, max);
        st = plan_event(&ctx, &w.trigger, &w.plan, NULL);
        if (st != ST_OK) {
            assert_status(st, ST_TOO_BIG);
            too_big++;
        }
        arena_done(&small);
    }
    assert_true(too_big > 0);
    world_done(&w);
}

/* ---- later ---- */

#define LATER                                                                                      \
    "{\"eventType\":\"e\"," PAYLOAD ",\"variables\":{\"a\":1},\"sendAt\":\"2026-12-24T18:00:"      \
    "00Z\"}"

TEST(plan_later_keeps_the_body_and_plans_no_deliveries)
{
    World w;
    Problems problems;

    world_init(&w);
    add_template(&w, "e", CHANNEL_PUSH, NULL, "b");
    const PlanContext ctx = {&w.snapshot, &w.tenant, NOW_MS, &w.random, &w.arena, &w.scratch};
    assert_status(trigger_parse(S(LATER), &w.arena, &w.trigger, &problems), ST_OK);
    assert_status(plan_later(&ctx, &w.trigger, &w.plan, NULL), ST_OK);
    assert_int_equal(w.plan.schedule.send_at_ms, 1798135200000);
    assert_str(w.plan.schedule.body, LATER);
    assert_int_equal(w.plan.schedule.fires_no, 0);
    assert_int_equal(w.plan.delivery_count, 0);
    assert_false(w.plan.has_notification);
    assert_int_equal(w.plan.event_id.len, UUID_TEXT_LEN);
    assert_str(w.plan.user_id, "u1");
    assert_int_equal(w.plan.created_ms, NOW_MS);
    world_done(&w);
}

TEST_MAIN()
