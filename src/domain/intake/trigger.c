/* A body becomes a Trigger, or a list of all that is wrong with it.
 *
 * Each reader below takes one field, adds its problems and goes on, so a client mends its request in
 * one round. The order of the readers is the order of the sentences; clients look at the first (KIT-15).
 * null means absent for optional fields, because many languages write it for an unset one.
 *
 * The arena may fill up while we read (its ceiling is the request's): then the body is refused like any
 * other that asks too much. So nothing here uses the calls that insist on getting memory. */
#include "domain/intake/trigger.h"

#include "base/isotime.h"
#include "base/limits.h"
#include "base/utf8.h"

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

/* limits.h holds enums, which the preprocessor cannot print into a sentence. */
#define EVENT_TYPE_MAX_TEXT 128
#define EVENT_ID_MAX_TEXT   255
#define USER_ID_MAX_TEXT    128
_Static_assert(EVENT_TYPE_MAX == EVENT_TYPE_MAX_TEXT, "the sentence tells the limit");
_Static_assert(EVENT_ID_MAX == EVENT_ID_MAX_TEXT, "the sentence tells the limit");
_Static_assert(USER_ID_MAX == USER_ID_MAX_TEXT, "the sentence tells the limit");

typedef struct Reader {
    Json json;
    Arena *arena;
    Problems *problems;
} Reader;

static Status read_body(Str body, Reader *r);
static void read_event_type(Reader *r, Trigger *t);
static void read_event_id(Reader *r, Trigger *t);
static void read_channels(Reader *r, Trigger *t);
static void read_payload(Reader *r, Trigger *t);
static void read_variables(Reader *r, Trigger *t);
static void read_send_at(Reader *r, Trigger *t);

void problems_add(Problems *p, Str sentence)
{
    if (p->count < PROBLEMS_MAX) p->text[p->count++] = sentence;
}

Status trigger_parse(Str body, Arena *arena, Trigger *ret_trigger, Problems *ret_problems)
{
    Reader r = {.arena = arena, .problems = ret_problems};
    Trigger t = {.channels = CHANNELS_ALL, .raw = body, .trace_id = S(""), .key = S("")};

    ret_problems->count = 0;
    if (read_body(body, &r) != ST_OK) return ST_INVALID;
    read_event_type(&r, &t);
    read_event_id(&r, &t);
    read_channels(&r, &t);
    read_payload(&r, &t);
    read_variables(&r, &t);
    read_send_at(&r, &t);
    if (ret_problems->count > 0) return ST_INVALID;
    *ret_trigger = t;
    return ST_OK;
}

/* ---- text ---- */

/* head + tail in the arena; `plain` when it is full. */
static Str sentence(Arena *arena, Str head, Str tail, Str plain)
{
    char *at = arena_try(arena, head.len + tail.len);
    if (!at) return plain;
    if (head.len) memcpy(at, head.at, head.len);
    if (tail.len) memcpy(at + head.len, tail.at, tail.len);
    return str_make(at, head.len + tail.len);
}

/* C0, DEL and, as UTF-8 spells them, C1. `text` is valid UTF-8. */
static bool has_control(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.at[i];
        if (byte < 0x20 || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 < text.len && (uint8_t)text.at[i + 1] < 0xa0) return true;
    }
    return false;
}

static const char *user_id_fault(Str user_id)
{
    if (user_id.len == 0) return " should not be empty";
    if (user_id.len > USER_ID_MAX)
        return " must be shorter than or equal to " TEXT(USER_ID_MAX_TEXT) " bytes";
    if (!utf8_is_valid(user_id)) return " must be valid UTF-8";
    if (has_control(user_id)) return " must not contain control characters";
    if (str_find(user_id, '#') >= 0) return " must not contain '#'";
    if (str_find(user_id, ',') >= 0) return " must not contain ','";
    return NULL;
}

bool user_id_check(Str user_id, Str field, Arena *arena, Str *ret_problem)
{
    const char *fault = user_id_fault(user_id);
    if (!fault) return true;
    *ret_problem = sentence(arena, field, str_of(fault), S("the user id is not valid"));
    return false;
}

/* ---- values ---- */

static Status read_body(Str body, Reader *r)
{
    Err err = {0};
    if (json_parse(body, r->arena, &r->json, &err) != ST_OK) {
        problems_add(r->problems, sentence(r->arena, S("request body must be valid JSON: "),
                                           err_view(&err), S("request body must be valid JSON")));
        return ST_INVALID;
    }
    if (!json_is(&r->json, 0, JSON_OBJECT)) {
        problems_add(r->problems, S("request body must be a JSON object"));
        return ST_INVALID;
    }
    return ST_OK;
}

static JsonRef member(const Reader *r, JsonRef object, Str key)
{
    JsonRef at = json_get(&r->json, object, key);
    return json_is(&r->json, at, JSON_NULL) ? JSON_NONE : at;
}

static void refuse_for_size(Reader *r)
{
    problems_add(r->problems, S("request body holds too many values"));
}

static bool read_text(Reader *r, JsonRef at, Str otherwise, Str *ret_text)
{
    if (!json_is(&r->json, at, JSON_STRING)) {
        problems_add(r->problems, otherwise);
        return false;
    }
    if (json_string(&r->json, at, r->arena, ret_text)) return true;
    refuse_for_size(r);
    return false;
}

static void read_optional_text(Reader *r, JsonRef object, Str key, Str otherwise, Str *ret_text)
{
    JsonRef at = member(r, object, key);
    *ret_text = S("");
    if (at != JSON_NONE) (void)read_text(r, at, otherwise, ret_text);
}

/* A document of its own for one value: the same text, nodes counted from the new root. */
static bool cut_out(Reader *r, JsonRef at, Json *ret_json)
{
    const JsonNode *from = r->json.nodes + at;
    uint32_t count = from->next - at;
    JsonNode *to = arena_try(r->arena, count * sizeof *to);

    if (!to) return false;
    for (uint32_t i = 0; i < count; i++) {
        to[i] = from[i];
        to[i].next -= at;
    }
    *ret_json = (Json){r->json.text, to, count};
    return true;
}

/* ---- fields, in the order of their sentences ---- */

static void read_event_type(Reader *r, Trigger *t)
{
    JsonRef at = member(r, 0, S("eventType"));
    bool is_text = read_text(r, at, S("eventType must be a string"), &t->event_type);

    if (is_text ? t->event_type.len == 0 : at == JSON_NONE)
        problems_add(r->problems, S("eventType should not be empty"));
    if (!is_text) return;
    if (t->event_type.len > EVENT_TYPE_MAX)
        problems_add(r->problems, S("eventType must be shorter than or equal to " TEXT(
                                      EVENT_TYPE_MAX_TEXT) " bytes"));
    if (has_control(t->event_type))
        problems_add(r->problems, S("eventType must not contain control characters"));
}

static void read_event_id(Reader *r, Trigger *t)
{
    JsonRef at = member(r, 0, S("eventId"));
    if (at == JSON_NONE || !read_text(r, at, S("eventId must be a string"), &t->event_id)) return;
    if (t->event_id.len == 0) problems_add(r->problems, S("eventId should not be empty"));
    if (t->event_id.len > EVENT_ID_MAX)
        problems_add(r->problems, S("eventId must be shorter than or equal to " TEXT(
                                      EVENT_ID_MAX_TEXT) " bytes"));
    if (has_control(t->event_id))
        problems_add(r->problems, S("eventId must not contain control characters"));
}

static void read_channels(Reader *r, Trigger *t)
{
    JsonRef array = member(r, 0, S("channels"));
    ChannelSet set = 0;

    if (array == JSON_NONE) return;
    if (!json_is(&r->json, array, JSON_ARRAY)) {
        problems_add(r->problems, S("channels must be an array"));
        return;
    }
    for (JsonRef c = json_first(&r->json, array); c != JSON_NONE;
         c = json_next(&r->json, array, c)) {
        Str name;
        Channel channel;
        if (!json_string(&r->json, c, r->arena, &name) || !channel_parse(name, &channel)) {
            problems_add(r->problems, S("each value in channels must be one of the following "
                                        "values: EMAIL, SMS, PUSH"));
            return;
        }
        set |= CHANNEL_BIT(channel);
    }
    if (set) t->channels = set; /* [] is as good as absent (E.9) */
}

bool trigger_routing(const Json *json, JsonRef payload, Arena *arena, Json *ret_routing)
{
    static const Str names[] = {STR_INIT("userId"), STR_INIT("recipientEmail"),
                                STR_INIT("recipientPhone")};
    enum { NAMES = sizeof names / sizeof names[0] };
    JsonNode *to = arena_try(arena, (1 + 2 * NAMES) * sizeof *to);
    uint32_t count = 1;

    if (!to) return false;
    to[0] = json->nodes[payload];
    to[0].count = 0;
    for (size_t i = 0; i < NAMES; i++) {
        JsonRef value = json_get(json, payload, names[i]);
        if (!json_is(json, value, JSON_STRING)) continue;
        to[count] = json->nodes[value - 1]; /* its key */
        to[count + 1] = json->nodes[value];
        to[count].next = count + 1;
        to[count + 1].next = count + 2;
        count += 2;
        to[0].count++;
    }
    to[0].next = count;
    *ret_routing = (Json){json->text, to, count};
    return true;
}

static void read_user_id(Reader *r, JsonRef payload, Trigger *t)
{
    JsonRef at = member(r, payload, S("userId"));
    Str problem;

    if (!read_text(r, at, S("payload.userId must be a string"), &t->user_id)) {
        if (at == JSON_NONE) problems_add(r->problems, S("payload.userId should not be empty"));
    } else if (!user_id_check(t->user_id, S("payload.userId"), r->arena, &problem)) {
        problems_add(r->problems, problem);
    }
}

static void read_payload(Reader *r, Trigger *t)
{
    JsonRef payload = member(r, 0, S("payload"));

    if (!json_is(&r->json, payload, JSON_OBJECT)) {
        problems_add(r->problems, S("payload must be an object"));
        return;
    }
    read_user_id(r, payload, t);
    read_optional_text(r, payload, S("recipientEmail"),
                       S("payload.recipientEmail must be a string"), &t->recipient_email);
    read_optional_text(r, payload, S("recipientPhone"),
                       S("payload.recipientPhone must be a string"), &t->recipient_phone);
    t->payload_raw = json_raw(&r->json, payload);
    if (!trigger_routing(&r->json, payload, r->arena, &t->payload)) refuse_for_size(r);
}

static void read_variables(Reader *r, Trigger *t)
{
    static const JsonNode nothing[] = {{.start = 0, .end = 2, .next = 1, .kind = JSON_OBJECT}};
    JsonRef variables = member(r, 0, S("variables"));

    if (variables == JSON_NONE) {
        t->variables_raw = S("{}");
        t->variables = (Json){S("{}"), nothing, 1};
    } else if (!json_is(&r->json, variables, JSON_OBJECT)) {
        problems_add(r->problems, S("variables must be an object"));
    } else {
        t->variables_raw = json_raw(&r->json, variables);
        if (!cut_out(r, variables, &t->variables)) refuse_for_size(r);
    }
}

/* ---- sendAt ---- */

/* iso_parse takes a time without a zone for UTC; of a moment months away nobody should have to guess. */
static bool has_zone(Str text)
{
    Str time = text.len > 11 ? str_from(text, 11) : S("");
    return str_find(time, 'Z') >= 0 || str_find(time, 'z') >= 0 || str_find(time, '+') >= 0 ||
           str_find(time, '-') >= 0;
}

static void read_send_at(Reader *r, Trigger *t)
{
    JsonRef at = member(r, 0, S("sendAt"));
    Str text;
    int64_t at_ms;

    if (at == JSON_NONE || !read_text(r, at, S("sendAt must be a string"), &text)) return;
    if (!has_zone(text) || !iso_parse(text, &at_ms))
        problems_add(r->problems, S("sendAt must be an ISO 8601 date and time with a zone, for "
                                    "example 2026-12-24T18:00:00Z or 2026-12-24T21:00:00+03:00"));
    else
        t->send_at_ms = at_ms > 0 ? at_ms : 1; /* before 1970 is past like any other */
}

void trigger_time(Trigger *t, int64_t now_ms, Problems *problems)
{
    if (t->send_at_ms <= now_ms + SCHEDULE_NOW_MS) t->send_at_ms = 0;
    if (t->send_at_ms > now_ms + SCHEDULE_AHEAD_DAYS_MAX * INT64_C(86400000))
        problems_add(problems, S("sendAt must not be more than one year ahead"));
}
