#include "domain/schedule/fire.h"

#include "base/limits.h"
#include "check_test.h"

static const int64_t NOW_MS = 1776859200123; /* 2026-04-22T12:00:00.123Z */
enum { HOUR_MS = 3600 * 1000 };

/* A tenant with one PUSH template, and the loop's loans. */
typedef struct World {
    Arena arena;
    Buf scratch;
    Random random;
    Tenant tenant, platform;
    Snapshot snapshot;
    TemplateGroup group;
    TenantTemplate template;
    DueEvent due;
    EventPlan plan;
    Err why;
} World;

static Str group_key(const void *group)
{
    return ((const TemplateGroup *)group)->event_type;
}

static void world_init(World *w)
{
    Template *body = NULL;
    memset(w, 0, sizeof *w);
    arena_init(&w->arena, MIB(4));
    buf_init(&w->scratch, MIB(4));
    random_init(&w->random);
    map_init(&w->tenant.groups, 100, group_key);
    map_init(&w->platform.groups, 100, group_key);
    w->snapshot.platform = &w->platform;
    w->tenant.no = 7;
    w->tenant.active = true;
    w->tenant.delivery_channels = CHANNELS_ALL;
    assert_status(template_compile(S("Hello {{name}}"), &body, NULL), ST_OK);
    w->template = (TenantTemplate){
        .version = 1, .channel = CHANNEL_PUSH, .body = body, .target_channel = S("")};
    w->group.event_type = S("e");
    w->group.by_channel[CHANNEL_PUSH] = &w->template;
    assert_status(map_put(&w->tenant.groups, &w->group), ST_OK);
    w->due = (DueEvent){.no = 12,
                        .tenant_no = 7,
                        .tenant_id = {"0123456789abcde"},
                        .event_id = S("e-1"),
                        .event_type = S("e"),
                        .trace_id = S("t-1"),
                        .body = S("{\"eventType\":\"e\",\"payload\":{\"userId\":\"ann\"},"
                                  "\"variables\":{\"name\":\"Ann\"},"
                                  "\"sendAt\":\"2026-04-22T12:00:00Z\"}"),
                        .send_at_ms = NOW_MS - HOUR_MS,
                        .due_ms = NOW_MS - HOUR_MS};
}

static void world_done(World *w)
{
    template_free(w->template.body);
    map_done(&w->tenant.groups);
    map_done(&w->platform.groups);
    buf_done(&w->scratch);
    arena_done(&w->arena);
}

static FireVerdict judge(World *w, const Tenant *tenant)
{
    const PlanContext ctx = {&w->snapshot, tenant, NOW_MS, &w->random, &w->arena, &w->scratch};
    return fire_judge(&ctx, &w->due, &w->plan, &w->why);
}

TEST(fire_plans_with_the_template_and_the_clock_of_now)
{
    World w;
    world_init(&w);
    assert_int_equal(judge(&w, &w.tenant), FIRE_NOW);
    assert_int_equal(w.plan.schedule.fires_no, 12);
    assert_int_equal(w.plan.schedule.send_at_ms, 0);
    assert_false(w.plan.key.set);
    assert_str(w.plan.event_id, "e-1");
    assert_str(w.plan.trace_id, "t-1");
    assert_int_equal(w.plan.created_ms, NOW_MS);
    assert_true(w.plan.has_notification);
    assert_str(w.plan.notification.body, "Hello Ann");
    world_done(&w);
}

TEST(fire_is_never_too_late_for_a_server_that_was_down)
{
    World w;
    world_init(&w);
    w.due.send_at_ms = w.due.due_ms = 1;
    assert_int_equal(judge(&w, &w.tenant), FIRE_NOW);
    world_done(&w);
}

TEST(fire_waits_for_a_tenant_that_is_suspended_or_gone)
{
    World w;
    world_init(&w);
    assert_int_equal(judge(&w, NULL), FIRE_HOLD);
    w.tenant.active = false;
    assert_int_equal(judge(&w, &w.tenant), FIRE_HOLD);
    world_done(&w);
}

TEST(fire_drops_what_a_deleted_tenant_left)
{
    World w;
    world_init(&w);
    w.due.tenant_id = (Uuid){{0}};
    assert_int_equal(judge(&w, NULL), FIRE_DROP);
    assert_str(err_view(&w.why), "its tenant was deleted");
    world_done(&w);
}

TEST(fire_drops_what_a_suspension_held_back_for_more_than_a_day)
{
    World w;
    world_init(&w);
    w.due.due_ms = w.due.send_at_ms + SCHEDULE_LATE_S_MAX * INT64_C(1000);
    assert_int_equal(judge(&w, &w.tenant), FIRE_NOW);
    w.due.due_ms++;
    assert_int_equal(judge(&w, &w.tenant), FIRE_DROP);
    assert_str(err_view(&w.why), "its tenant was suspended until more than 24 hours after sendAt");
    world_done(&w);
}

TEST(fire_drops_what_cannot_be_read_any_more_and_says_why)
{
    World w;
    world_init(&w);
    w.due.body = S("{\"payload\":{\"userId\":\"ann\"}}");
    assert_int_equal(judge(&w, &w.tenant), FIRE_DROP);
    assert_str(err_view(&w.why), "eventType must be a string");
    world_done(&w);
}

TEST_MAIN()
