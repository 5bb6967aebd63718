#include "domain/intake/trigger.h"

#include "base/limits.h"
#include "check_test.h"

typedef struct Case {
    Arena arena;
    Trigger trigger;
    Problems problems;
    Status st;
} Case;

static void case_run(Case *c, Str body, size_t arena_max)
{
    *c = (Case){0};
    arena_init(&c->arena, arena_max);
    c->st = trigger_parse(body, &c->arena, &c->trigger, &c->problems);
}

/* The problems, one a line. */
static void assert_refused(const char *body, const char *lines)
{
    Case c;
    Buf all;

    case_run(&c, str_of(body), MIB(1));
    assert_status(c.st, ST_INVALID);
    buf_init(&all, 4096);
    for (uint32_t i = 0; i < c.problems.count; i++) {
        buf_add(&all, c.problems.text[i]);
        buf_add_byte(&all, '\n');
    }
    assert_str(buf_view(&all), lines);
    buf_done(&all);
    arena_done(&c.arena);
}

#define HEAD "{\"eventType\":\"order.confirmed\",\"payload\":{\"userId\":\"u1\"}"

TEST(trigger_reads_the_example_of_the_api_reference)
{
    Case c;
    case_run(&c,
             S("{\"eventType\": \"order.confirmed\", \"eventId\": \"evt_1\", \"channels\": "
               "[\"EMAIL\"],\n\"payload\": {\"userId\": \"u-1\", \"recipientEmail\": "
               "\"user@example.com\", \"recipientPhone\": \"+254712345678\"},\n"
               "\"variables\": {\"title\": \"Order\",\n \"n\": [1, {\"a\": \"$49.99\"}]}}"),
             MIB(1));
    assert_status(c.st, ST_OK);
    assert_str(c.trigger.event_type, "order.confirmed");
    assert_str(c.trigger.event_id, "evt_1");
    assert_int_equal(c.trigger.channels, CHANNEL_BIT(CHANNEL_EMAIL));
    assert_str(c.trigger.user_id, "u-1");
    assert_str(c.trigger.recipient_email, "user@example.com");
    assert_str(c.trigger.recipient_phone, "+254712345678");
    assert_str(c.trigger.trace_id, "");
    assert_str(c.trigger.variables_raw,
               "{\"title\": \"Order\",\n \"n\": [1, {\"a\": \"$49.99\"}]}");
    arena_done(&c.arena);
}

TEST(trigger_variables_are_a_document_of_their_own)
{
    Case c;
    case_run(&c, S(HEAD ",\"variables\":{\"a\":[1,{\"b\":\"x\"}],\"c\":\"y\"},\"more\":1}"),
             MIB(1));
    assert_status(c.st, ST_OK);
    const Json *v = &c.trigger.variables;
    assert_true(json_is(v, 0, JSON_OBJECT));
    assert_int_equal(v->nodes[0].next, v->count);
    JsonRef inner = json_at(v, json_get(v, 0, S("a")), 1);
    assert_str(json_raw(v, json_get(v, inner, S("b"))), "\"x\"");
    assert_str(json_raw(v, json_get(v, 0, S("c"))), "\"y\"");
    assert_int_equal(json_get(v, 0, S("more")), JSON_NONE);
    arena_done(&c.arena);
}

TEST(trigger_payload_shows_templates_the_routing_fields_only)
{
    Case c;
    case_run(&c,
             S("{\"eventType\":\"e\",\"payload\":{\"secret\":{\"x\":1},\"recipientPhone\":\"+1\","
               "\"recipientEmail\":null,\"userId\":\"u1\",\"zip\":[2]}}"),
             MIB(1));
    assert_status(c.st, ST_OK);
    const Json *p = &c.trigger.payload;
    assert_int_equal(json_count(p, 0), 2);
    assert_true(json_string_is(p, json_get(p, 0, S("userId")), S("u1")));
    assert_true(json_string_is(p, json_get(p, 0, S("recipientPhone")), S("+1")));
    assert_int_equal(json_get(p, 0, S("recipientEmail")), JSON_NONE);
    assert_int_equal(json_get(p, 0, S("secret")), JSON_NONE);
    assert_int_equal(json_get(p, 0, S("zip")), JSON_NONE);
    assert_str(c.trigger.payload_raw, "{\"secret\":{\"x\":1},\"recipientPhone\":\"+1\","
                                      "\"recipientEmail\":null,\"userId\":\"u1\",\"zip\":[2]}");
    arena_done(&c.arena);
}

TEST(trigger_takes_absent_null_and_empty_for_unset)
{
    static const char *const bodies[] = {
        HEAD "}",
        HEAD ",\"eventId\":null,\"channels\":null,\"variables\":null}",
        HEAD ",\"channels\":[],\"variables\":{}}",
        "{\"eventType\":\"e\",\"payload\":{\"userId\":\"u\",\"recipientEmail\":null}}",
        "{\"eventType\":\"e\",\"payload\":{\"userId\":\"u\",\"recipientPhone\":\"\"}}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        Case c;
        case_run(&c, str_of(bodies[i]), MIB(1));
        assert_status(c.st, ST_OK);
        assert_null(c.trigger.event_id.at);
        assert_int_equal(c.trigger.channels, CHANNELS_ALL);
        assert_str(c.trigger.variables_raw, "{}");
        assert_int_equal(json_count(&c.trigger.variables, 0), 0);
        assert_true(json_is(&c.trigger.variables, 0, JSON_OBJECT));
        assert_str(c.trigger.recipient_email, "");
        assert_str(c.trigger.recipient_phone, "");
        arena_done(&c.arena);
    }
}

TEST(trigger_collapses_repeated_channels)
{
    Case c;
    case_run(&c, S(HEAD ",\"channels\":[\"PUSH\",\"SMS\",\"PUSH\"]}"), MIB(1));
    assert_status(c.st, ST_OK);
    assert_int_equal(c.trigger.channels, CHANNEL_BIT(CHANNEL_PUSH) | CHANNEL_BIT(CHANNEL_SMS));
    arena_done(&c.arena);
}

TEST(trigger_lists_event_type_first_when_all_is_missing)
{
    assert_refused("{}", "eventType must be a string\n"
                         "eventType should not be empty\n"
                         "payload must be an object\n");
}

TEST(trigger_collects_every_problem_in_field_order)
{
    assert_refused("{\"variables\":[],\"payload\":{\"recipientPhone\":7,\"recipientEmail\":true,"
                   "\"userId\":[]},\"channels\":[\"PUSH\",\"push\"],\"eventId\":1,"
                   "\"eventType\":2}",
                   "eventType must be a string\n"
                   "eventId must be a string\n"
                   "each value in channels must be one of the following values: EMAIL, SMS, PUSH\n"
                   "payload.userId must be a string\n"
                   "payload.recipientEmail must be a string\n"
                   "payload.recipientPhone must be a string\n"
                   "variables must be an object\n");
}

TEST(trigger_refuses_a_missing_null_or_empty_user)
{
    assert_refused("{\"eventType\":\"e\",\"payload\":{}}",
                   "payload.userId must be a string\npayload.userId should not be empty\n");
    assert_refused("{\"eventType\":\"e\",\"payload\":{\"userId\":null}}",
                   "payload.userId must be a string\npayload.userId should not be empty\n");
    assert_refused("{\"eventType\":\"e\",\"payload\":{\"userId\":\"\"}}",
                   "payload.userId should not be empty\n");
    assert_refused("{\"eventType\":\"e\",\"payload\":{\"userId\":5}}",
                   "payload.userId must be a string\n");
    assert_refused("{\"eventType\":\"e\",\"payload\":\"u1\"}", "payload must be an object\n");
}

TEST(trigger_refuses_user_ids_that_break_channel_names)
{
    assert_refused("{\"eventType\":\"e\",\"payload\":{\"userId\":\"a#b\"}}",
                   "payload.userId must not contain '#'\n");
    assert_refused("{\"eventType\":\"e\",\"payload\":{\"userId\":\"a,b\"}}",
                   "payload.userId must not contain ','\n");
    assert_refused("{\"eventType\":\"e\",\"payload\":{\"userId\":\"a\\u0000\"}}",
                   "payload.userId must not contain control characters\n");
    assert_refused("{\"eventType\":\"e\",\"payload\":{\"userId\":\"a\\u0085\"}}",
                   "payload.userId must not contain control characters\n");
}

TEST(trigger_refuses_empty_and_broken_event_fields)
{
    assert_refused("{\"eventType\":\"\",\"eventId\":\"\",\"channels\":\"PUSH\","
                   "\"payload\":{\"userId\":\"u\"}}",
                   "eventType should not be empty\neventId should not be empty\n"
                   "channels must be an array\n");
    assert_refused(
        "{\"eventType\":\"a\\nb\",\"eventId\":\"a\\tb\",\"channels\":[1],"
        "\"payload\":{\"userId\":\"u\"}}",
        "eventType must not contain control characters\n"
        "eventId must not contain control characters\n"
        "each value in channels must be one of the following values: EMAIL, SMS, PUSH\n");
}

/* A body with an event type, event id and user id of the given lengths. */
static Status parse_lengths(size_t type_len, size_t id_len, size_t user_len)
{
    Case c;
    Buf b;
    char letters[300];

    memset(letters, 'x', sizeof letters);
    buf_init(&b, 4096);
    buf_lit(&b, "{\"eventType\":\"");
    buf_add(&b, str_make(letters, type_len));
    buf_lit(&b, "\",\"eventId\":\"");
    buf_add(&b, str_make(letters, id_len));
    buf_lit(&b, "\",\"payload\":{\"userId\":\"");
    buf_add(&b, str_make(letters, user_len));
    buf_lit(&b, "\"}}");
    case_run(&c, buf_view(&b), MIB(1));
    if (c.st != ST_OK) assert_int_equal(c.problems.count, 1);
    buf_done(&b);
    arena_done(&c.arena);
    return c.st;
}

TEST(trigger_holds_names_to_their_ceilings)
{
    assert_status(parse_lengths(EVENT_TYPE_MAX, EVENT_ID_MAX, USER_ID_MAX), ST_OK);
    assert_status(parse_lengths(EVENT_TYPE_MAX + 1, 1, 1), ST_INVALID);
    assert_status(parse_lengths(1, EVENT_ID_MAX + 1, 1), ST_INVALID);
    assert_status(parse_lengths(1, 1, USER_ID_MAX + 1), ST_INVALID);
}

TEST(trigger_names_what_is_wrong_with_broken_json)
{
    static const char *const bodies[] = {"", "{", "{\"eventType\":}", "{}x", "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        Case c;
        case_run(&c, str_of(bodies[i]), MIB(1));
        assert_status(c.st, ST_INVALID);
        assert_int_equal(c.problems.count, 1);
        assert_true(str_starts(c.problems.text[0], S("request body must be valid JSON: ")));
        assert_true(c.problems.text[0].len > S("request body must be valid JSON: ").len);
        arena_done(&c.arena);
    }
}

TEST(trigger_refuses_a_body_that_is_no_object)
{
    static const char *const bodies[] = {"[]", "null", "7", "\"eventType\"", "true"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_refused(bodies[i], "request body must be a JSON object\n");
}

TEST(trigger_survives_an_arena_of_any_size)
{
    Buf body;
    unsigned for_size = 0, fine = 0;

    buf_init(&body, 8192);
    buf_lit(&body, "{\"eventType\":\"\\u0041\",\"payload\":{\"userId\":\"u\"},"
                   "\"variables\":{\"a\":[0");
    for (int i = 0; i < 1000; i++) buf_lit(&body, ",1");
    buf_lit(&body, "]}}");
    for (size_t max = 0; max < KIB(80); max += 512) {
        Case c;
        case_run(&c, buf_view(&body), max);
        assert_int_equal(c.st == ST_OK, c.problems.count == 0);
        if (c.st == ST_OK)
            fine++;
        else if (str_is(c.problems.text[0], "request body holds too many values"))
            for_size++;
        arena_done(&c.arena);
    }
    assert_true(fine > 0);
    assert_true(for_size > 0); /* the nodes fitted, their copy did not */
    buf_done(&body);
}

TEST(user_id_check_wants_utf8)
{
    Arena a;
    Str problem = {0};
    arena_init(&a, 4096);
    assert_true(user_id_check(S("Zoë-用户"), S("userId"), &a, &problem));
    assert_false(user_id_check(S("a\xc3"), S("userId"), &a, &problem));
    assert_str(problem, "userId must be valid UTF-8");
    arena_done(&a);
}

/* ---- sendAt ---- */

enum { NOW_MS = 1000000 };

static int64_t send_at(const char *value, Problems *ret_problems)
{
    Case c;
    char body[256];

    snprintf(body, sizeof body, HEAD ",\"sendAt\":%s}", value);
    case_run(&c, str_of(body), MIB(1));
    assert_status(c.st, ST_OK);
    ret_problems->count = 0;
    trigger_time(&c.trigger, NOW_MS, ret_problems);
    arena_done(&c.arena);
    return c.trigger.send_at_ms;
}

TEST(trigger_reads_a_send_at_of_any_zone)
{
    Problems problems;
    assert_int_equal(send_at("\"1970-01-01T01:00:00Z\"", &problems), 3600000);
    assert_int_equal(send_at("\"1970-01-01T04:00:00+03:00\"", &problems), 3600000);
    assert_int_equal(send_at("\"1969-12-31T20:30:00.250-04:30\"", &problems), 3600250);
    assert_int_equal(send_at("\"1970-01-01t01:00:00.5z\"", &problems), 3600500);
    assert_int_equal(problems.count, 0);
}

TEST(trigger_takes_the_past_and_the_next_second_for_now)
{
    static const char *const cases[] = {
        "null",
        "\"1969-07-20T20:17:40Z\"",
        "\"1970-01-01T00:00:00Z\"",
        "\"1970-01-01T00:16:40Z\"",
        "\"1970-01-01T00:16:41.000Z\"",
    };
    Problems problems;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(send_at(cases[i], &problems), 0);
    assert_int_equal(problems.count, 0);
    assert_int_equal(send_at("\"1970-01-01T00:16:41.001Z\"", &problems), NOW_MS + 1001);
}

TEST(trigger_refuses_a_send_at_beyond_a_year)
{
    Problems problems;
    (void)send_at("\"1971-01-02T00:16:40.000Z\"", &problems); /* 366 days */
    assert_int_equal(problems.count, 0);
    (void)send_at("\"1971-01-02T00:16:40.001Z\"", &problems);
    assert_int_equal(problems.count, 1);
    assert_str(problems.text[0], "sendAt must not be more than one year ahead");
    (void)send_at("\"9999-12-31T23:59:59Z\"", &problems);
    assert_int_equal(problems.count, 1);
}

TEST(trigger_refuses_a_send_at_that_is_no_moment)
{
    static const char *const cases[] = {"\"\"",
                                        "\"soon\"",
                                        "\"2026-12-24\"",
                                        "\"2026-12-24T18:00:00\"",
                                        "\"2026-12-24T18:00:00.5\"",
                                        "\"2026-12-24T18:00:00+0300\"",
                                        "\"2026-12-24T18:00:00+03\"",
                                        "\"2026-12-24 18:00:00Z\"",
                                        "\"2026-12-24T24:00:00Z\"",
                                        "\"2026-02-29T00:00:00Z\"",
                                        "\"2026-12-24T18:00:00Z \"",
                                        "\"2026-12-24T18:00:00ZZ\""};
    char body[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(body, sizeof body, HEAD ",\"sendAt\":%s}", cases[i]);
        assert_refused(body, "sendAt must be an ISO 8601 date and time with a zone, for example "
                             "2026-12-24T18:00:00Z or 2026-12-24T21:00:00+03:00\n");
    }
    assert_refused(HEAD ",\"sendAt\":5}", "sendAt must be a string\n");
    assert_refused(HEAD ",\"sendAt\":[]}", "sendAt must be a string\n");
}

TEST_MAIN()
