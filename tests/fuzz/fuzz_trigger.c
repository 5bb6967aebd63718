/* Any bytes as the body of a trigger: refused with at least one sentence, or
 *  1. what it says keeps the limits and is clean;
 *  2. payload and variables are JSON objects that stand in the body;
 *  3. reading it again gives the same (a scheduled event is read a second time when it is due);
 *  4. sendAt is now, within a year, or one more problem. */
#include "fuzz.h"

#include "base/limits.h"
#include "domain/intake/trigger.h"

FUZZ_INIT()

enum { NOW_MS = 1000000000 };

static bool lies_within(Str part, Str whole)
{
    return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}

static void check_object(Str raw, Str body, Arena *a)
{
    Json json;
    CHECK(str_is(raw, "{}") || lies_within(raw, body));
    CHECK(json_parse(raw, a, &json, NULL) == ST_OK && json_is(&json, 0, JSON_OBJECT));
}

static void check_time(Trigger t)
{
    Problems problems = {.count = 0};
    bool had = t.send_at_ms != 0;
    trigger_time(&t, NOW_MS, &problems);
    CHECK(had || t.send_at_ms == 0);
    CHECK(t.send_at_ms == 0 || t.send_at_ms > NOW_MS + SCHEDULE_NOW_MS);
    CHECK((t.send_at_ms > NOW_MS + SCHEDULE_AHEAD_DAYS_MAX * INT64_C(86400000)) ==
          (problems.count == 1));
}

static void check_again(const Trigger *t, Arena *a)
{
    Trigger again;
    Problems problems;
    CHECK(trigger_parse(t->raw, a, &again, &problems) == ST_OK);
    CHECK(str_eq(again.event_type, t->event_type) && str_eq(again.event_id, t->event_id));
    CHECK(str_eq(again.user_id, t->user_id) && again.channels == t->channels);
    CHECK(again.send_at_ms == t->send_at_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a;
    Trigger t;
    Problems problems;
    Str body = str_make(data, size), problem;

    arena_init(&a, 4 * REQUEST_ARENA_MAX);
    if (trigger_parse(body, &a, &t, &problems) == ST_OK) {
        CHECK(problems.count == 0);
        CHECK(t.event_type.len > 0 && t.event_type.len <= EVENT_TYPE_MAX);
        CHECK(t.event_id.len <= EVENT_ID_MAX && t.channels != 0);
        CHECK(user_id_check(t.user_id, S("userId"), &a, &problem));
        check_object(t.payload_raw, body, &a);
        check_object(t.variables_raw, body, &a);
        check_time(t);
        check_again(&t, &a);
    } else {
        CHECK(problems.count > 0 && problems.count <= PROBLEMS_MAX);
    }
    arena_done(&a);
    return 0;
}
