/* Any bytes: refused with a sentence, or a tree in which
 *  1. spans nest, follow each other and agree with counts and links;
 *  2. the raw span of each value is a document that parses to the same shape;
 *  3. each string survives unescape, escape, parse, unescape;
 *  4. the document on one line parses to the same number of values;
 *  5. a lookup by a key's own text finds a value of that object. */
#include "fuzz.h"

#include "base/utf8.h"
#include "proto/json.h"

FUZZ_INIT()

static Str unescape(const Json *j, JsonRef at, Arena *a)
{
    Str text = {0};
    CHECK(json_string(j, at, a, &text));
    CHECK(json_string_is(j, at, text));
    CHECK(utf8_is_valid(text));
    return text;
}

static void check_string(const Json *j, JsonRef at)
{
    Arena a;
    Buf b;
    Json again;
    arena_init(&a, REQUEST_ARENA_MAX);
    buf_init(&b, REQUEST_ARENA_MAX);
    Str text = unescape(j, at, &a);
    json_put_string(&b, text);
    CHECK(json_parse(buf_view(&b), &a, &again, NULL) == ST_OK && again.count == 1);
    CHECK(str_eq(unescape(&again, 0, &a), text));
    buf_done(&b);
    arena_done(&a);
}

static void check_number(const Json *j, JsonRef at)
{
    int64_t integer;
    double value;
    if (!json_i64(j, at, &integer)) return;
    CHECK(json_double(j, at, &value) && value == (double)integer);
}

static void check_lookup(const Json *j, JsonRef object, JsonRef key)
{
    Arena a;
    arena_init(&a, REQUEST_ARENA_MAX);
    JsonRef found = json_get(j, object, unescape(j, key, &a));
    CHECK(found != JSON_NONE && found > key && found < j->nodes[object].next);
    arena_done(&a);
}

static void check_raw(const Json *j, JsonRef at)
{
    Arena a;
    Json part;
    arena_init(&a, REQUEST_ARENA_MAX);
    CHECK(json_parse(json_raw(j, at), &a, &part, NULL) == ST_OK);
    CHECK(part.count == j->nodes[at].next - at);
    CHECK(part.nodes[0].kind == j->nodes[at].kind && part.nodes[0].count == j->nodes[at].count);
    CHECK(part.nodes[0].end == part.text.len);
    arena_done(&a);
}

static void check_container(const Json *j, JsonRef at)
{
    const JsonNode *n = &j->nodes[at];
    uint32_t count = 0, from = n->start + 1;
    for (JsonRef c = json_first(j, at); c != JSON_NONE; c = json_next(j, at, c), count++) {
        CHECK(j->nodes[c].start >= from && j->nodes[c].end < n->end);
        JsonRef value = c;
        if (n->kind == JSON_OBJECT) {
            CHECK(json_is(j, c, JSON_STRING));
            value = c + 1;
            CHECK(j->nodes[value].start > j->nodes[c].end);
            if (count < 8) check_lookup(j, at, c);
        } else if (count < 8) {
            CHECK(json_at(j, at, count) == c);
        }
        from = j->nodes[value].end;
        CHECK(from < n->end && j->nodes[value].next <= n->next);
    }
    CHECK(count == json_count(j, at));
}

static void check_line(const Json *j, Arena *a)
{
    Buf line;
    Json again;
    buf_init(&line, j->text.len + 1);
    json_put_raw_line(&line, j->text);
    CHECK(buf_status(&line) == ST_OK && str_find(buf_view(&line), '\n') < 0);
    CHECK(json_parse(buf_view(&line), a, &again, NULL) == ST_OK && again.count == j->count);
    buf_done(&line);
}

/* Quadratic in the depth; enough values of each document are looked at. */
static void check_document(const Json *j)
{
    for (JsonRef at = 0; at < j->count && at < 200; at++) {
        check_raw(j, at);
        if (json_is(j, at, JSON_STRING)) check_string(j, at);
        if (json_is(j, at, JSON_NUMBER)) check_number(j, at);
        check_container(j, at);
    }
}

/* Escaping is for any bytes, also those no document may hold. */
static void check_escaping(Str text, Arena *a)
{
    Buf b;
    Json j;
    buf_init(&b, REQUEST_ARENA_MAX);
    json_put_string(&b, text);
    CHECK(json_parse(buf_view(&b), a, &j, NULL) == ST_OK && json_is(&j, 0, JSON_STRING));
    if (utf8_is_valid(text)) CHECK(json_string_is(&j, 0, text));
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a;
    Json j;
    Err err = {0};
    Str text = str_make(data, size);
    arena_init(&a, REQUEST_ARENA_MAX);
    Status st = json_parse(text, &a, &j, &err);
    if (st == ST_OK) {
        CHECK(j.nodes[0].next == j.count);
        check_document(&j);
        check_line(&j, &a);
    } else {
        CHECK((st == ST_INVALID || st == ST_TOO_BIG) && err.text[0]);
    }
    check_escaping(text, &a);
    arena_done(&a);
    return 0;
}
