/* Walking a parsed document and reading its scalars. Nothing here checks grammar again: json_parse
 * let only valid text pass, so an escape is whole and a number is one strtod takes to its end. */
#include "proto/json.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

static const JsonNode *node(const Json *j, JsonRef at)
{
    return at < j->count ? &j->nodes[at] : NULL; /* JSON_NONE is past every count */
}

static bool is_container(const JsonNode *n)
{
    return n && (n->kind == JSON_ARRAY || n->kind == JSON_OBJECT);
}

bool json_is(const Json *j, JsonRef at, JsonKind kind)
{
    const JsonNode *n = node(j, at);
    return n && n->kind == kind;
}

uint32_t json_count(const Json *j, JsonRef at)
{
    const JsonNode *n = node(j, at);
    return is_container(n) ? n->count : 0;
}

JsonRef json_first(const Json *j, JsonRef parent)
{
    return json_count(j, parent) ? parent + 1 : JSON_NONE;
}

JsonRef json_next(const Json *j, JsonRef parent, JsonRef child)
{
    const JsonNode *p = node(j, parent), *c = node(j, child);
    if (!p || !c) return JSON_NONE;
    JsonRef next = p->kind == JSON_OBJECT ? j->nodes[c->next].next : c->next; /* key: its value's */
    return next < p->next ? next : JSON_NONE;
}

/* Linear, and to the end even after a hit: the last of equal keys wins. Fine for objects of the size
 * people write; who must look up many keys of a huge one walks it once instead. */
JsonRef json_get(const Json *j, JsonRef object, Str key)
{
    JsonRef found = JSON_NONE;
    if (!json_is(j, object, JSON_OBJECT)) return JSON_NONE;
    for (JsonRef c = json_first(j, object); c != JSON_NONE; c = json_next(j, object, c))
        if (json_string_is(j, c, key)) found = c + 1;
    return found;
}

JsonRef json_at(const Json *j, JsonRef array, uint32_t i)
{
    if (!json_is(j, array, JSON_ARRAY) || i >= json_count(j, array)) return JSON_NONE;
    JsonRef c = json_first(j, array);
    while (i-- > 0) c = json_next(j, array, c);
    return c;
}

Str json_raw(const Json *j, JsonRef at)
{
    const JsonNode *n = node(j, at);
    return n ? str_make(j->text.at + n->start, n->end - n->start) : (Str){NULL, 0};
}

/* Strings */

static uint32_t hex4(const char *at)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 4 | (uint32_t)(at[i] <= '9' ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10);
    return value;
}

/* "\uXXXX" at the start of rest, as a code point; takes the second half of a pair with it. */
static uint32_t take_unicode(Str *rest)
{
    uint32_t high = hex4(rest->at + 2);
    *rest = str_from(*rest, 6);
    if (high < 0xd800 || high > 0xdfff) return high;
    if (high < 0xdc00 && rest->len >= 6 && rest->at[0] == '\\' && rest->at[1] == 'u') {
        uint32_t low = hex4(rest->at + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *rest = str_from(*rest, 6);
            return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return 0xfffd; /* half a pair */
}

static char short_escape(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; /* itself: a quote or a slash of either kind */
    }
}

/* The next piece of a string's inside: a run without escapes (borrowed) or one escape (in room).
 * Never longer than the text it was made from. */
static Str take_piece(Str *rest, char room[4])
{
    ptrdiff_t escape = str_find(*rest, '\\');
    if (escape != 0) {
        Str run = escape < 0 ? *rest : str_head(*rest, (size_t)escape);
        *rest = str_from(*rest, run.len);
        return run;
    }
    if (rest->at[1] == 'u') return str_make(room, utf8_encode(take_unicode(rest), room));
    room[0] = short_escape(rest->at[1]);
    *rest = str_from(*rest, 2);
    return str_make(room, 1);
}

static Str inside(const Json *j, const JsonNode *string)
{
    return str_make(j->text.at + string->start + 1, string->end - string->start - 2);
}

bool json_string(const Json *j, JsonRef at, Arena *arena, Str *ret_text)
{
    const JsonNode *n = node(j, at);
    if (!n || n->kind != JSON_STRING) return false;
    Str rest = inside(j, n);
    if (n->plain) {
        *ret_text = rest;
        return true;
    }
    char *out = arena_try(arena, rest.len), room[4];
    size_t len = 0;
    if (!out) return false;
    while (rest.len) {
        Str piece = take_piece(&rest, room);
        memcpy(out + len, piece.at, piece.len);
        len += piece.len;
    }
    *ret_text = str_make(out, len);
    return true;
}

bool json_string_is(const Json *j, JsonRef at, Str text)
{
    const JsonNode *n = node(j, at);
    if (!n || n->kind != JSON_STRING) return false;
    Str rest = inside(j, n);
    if (n->plain) return str_eq(rest, text);
    char room[4];
    while (rest.len) {
        Str piece = take_piece(&rest, room);
        if (!str_starts(text, piece)) return false;
        text = str_from(text, piece.len);
    }
    return text.len == 0;
}

/* Numbers */

bool json_i64(const Json *j, JsonRef at, int64_t *ret_value)
{
    return json_is(j, at, JSON_NUMBER) && str_to_i64(json_raw(j, at), ret_value);
}

/* strtod rounds correctly and takes exactly the grammar of JSON here, given a NUL and the "C" numeric
 * locale. This process never calls setlocale, so it has no other. */
bool json_double(const Json *j, JsonRef at, double *ret_value)
{
    char few[64];
    if (!json_is(j, at, JSON_NUMBER)) return false;
    Str raw = json_raw(j, at);
    char *z = raw.len < sizeof few ? few : mem_try(raw.len + 1);
    if (!z) return false;
    memcpy(z, raw.at, raw.len);
    z[raw.len] = '\0';
    double value = strtod(z, NULL);
    if (z != few) mem_free(z);
    if (!isfinite(value)) return false; /* 1e999 is valid JSON and no double */
    *ret_value = value;
    return true;
}
