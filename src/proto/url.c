/* Text is read byte by byte through take_byte, which knows escapes; nothing is decoded twice. What a
 * target may hold raw is a table: the characters of RFC 3986 3.3 for paths, and for queries also
 * those that browsers send bare (the WHATWG query set leaves them alone). */
#include "proto/url.h"

#include "base/utf8.h"

typedef enum Plus { PLUS_IS_PLUS, PLUS_IS_SPACE } Plus;

static const char path_marks[] = "-._~!$&'()*+,;=:@/%";
static const char query_marks[] = "-._~!$&'()*+,;=:@/%?[]{}|\\^`\"<>";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Takes one byte off a non-empty text, decoded. False for a broken escape. */
static bool take_byte(Str *rest, Plus plus, char *ret_byte)
{
    char c = rest->at[0];
    if (c != '%') {
        *ret_byte = c == '+' && plus == PLUS_IS_SPACE ? ' ' : c;
        *rest = str_from(*rest, 1);
        return true;
    }
    if (rest->len < 3) return false;
    int high = hex_value(rest->at[1]), low = hex_value(rest->at[2]);
    if (high < 0 || low < 0) return false;
    *ret_byte = (char)(high << 4 | low);
    *rest = str_from(*rest, 3);
    return true;
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Only letters, digits and marks, and every '%' begins a whole escape. */
static bool is_written_with(Str raw, const char *marks)
{
    char byte;
    while (raw.len) {
        if (!is_alphanumeric(raw.at[0]) && (raw.at[0] == '\0' || !strchr(marks, raw.at[0])))
            return false;
        if (!take_byte(&raw, PLUS_IS_PLUS, &byte)) return false;
    }
    return true;
}

Status url_split(Str target, Str *ret_path, Str *ret_query)
{
    ptrdiff_t mark = str_find(target, '?');
    Str path = mark < 0 ? target : str_head(target, (size_t)mark);
    Str query = mark < 0 ? (Str){NULL, 0} : str_from(target, (size_t)mark + 1);
    if (path.len == 0 || path.at[0] != '/') return ST_INVALID;
    if (!is_written_with(path, path_marks) || !is_written_with(query, query_marks))
        return ST_INVALID;
    *ret_path = path;
    *ret_query = query;
    return ST_OK;
}

static bool is_clean(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.at[i] < 0x20 || text.at[i] == 0x7f) return false;
    return utf8_is_valid(text);
}

static bool is_borrowable(Str raw, Plus plus)
{
    return str_find(raw, '%') < 0 && (plus == PLUS_IS_PLUS || str_find(raw, '+') < 0);
}

static Status decode(Str raw, Plus plus, Arena *arena, Str *ret_text)
{
    Str text = raw;
    if (!is_borrowable(raw, plus)) {
        char *out = arena_try(arena, raw.len);
        if (!out) return ST_TOO_BIG;
        text = str_make(out, 0);
        while (raw.len)
            if (!take_byte(&raw, plus, &out[text.len++])) return ST_INVALID;
    }
    if (!is_clean(text)) return ST_INVALID;
    *ret_text = text;
    return ST_OK;
}

Status url_decode(Str raw, Arena *arena, Str *ret_text)
{
    return decode(raw, PLUS_IS_PLUS, arena, ret_text);
}

/* Compares without decoding into memory: most parameters are not the one asked for. */
static bool name_is(Str raw, Str name)
{
    char byte;
    for (; raw.len; name = str_from(name, 1))
        if (name.len == 0 || !take_byte(&raw, PLUS_IS_SPACE, &byte) || byte != name.at[0])
            return false;
    return name.len == 0;
}

Status url_query(Str query, Str name, Arena *arena, Str *ret_value)
{
    while (query.len) {
        Str value = str_cut(&query, '&');
        if (value.len == 0) continue; /* "a=1&&b=2" */
        if (!name_is(str_cut(&value, '='), name)) continue;
        if (!value.at) value = S(""); /* "name" alone is "name=" */
        return decode(value, PLUS_IS_SPACE, arena, ret_value);
    }
    return ST_NOT_FOUND;
}
