#include "app/admin/fields.h"

#include <stdarg.h>
#include <stdio.h>

enum { SENTENCE_MAX = 400 };

void fields_problem(const Fields *f, const char *format, ...)
{
    char text[SENTENCE_MAX];
    va_list args;
    Str sentence;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0) len = 0;
    if ((size_t)len >= sizeof text) len = sizeof text - 1;
    if (!arena_copy(f->arena, str_make(text, (size_t)len), &sentence))
        sentence = S("the request is too large");
    problems_add(f->problems, sentence);
}

static bool is_known(Str name, const Str *known, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_eq(known[i], name)) return true;
    return false;
}

/* A peer chose the name: it is cut short before it is quoted back. */
static void refuse_unknown(const Fields *f, Str name, const Str *known, uint32_t count)
{
    char list[SENTENCE_MAX / 2 + 100];
    size_t len = 0;
    for (uint32_t i = 0; i < count && len < sizeof list; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%.*s", i ? ", " : "",
                                STR_FMT(known[i]));
    name = str_head(name, 64);
    fields_problem(f, "property %.*s should not exist; known are: %s", STR_FMT(name), list);
}

bool fields_open(const Fields *f, const Str *known, uint32_t known_count)
{
    const Json *j = f->json;
    if (!json_is(j, 0, JSON_OBJECT)) {
        problems_add(f->problems, S("the body must be a JSON object"));
        return false;
    }
    for (JsonRef c = json_first(j, 0); c != JSON_NONE; c = json_next(j, 0, c)) {
        Str name;
        if (f->problems->count >= PROBLEMS_MAX || !json_string(j, c, f->arena, &name)) break;
        if (!is_known(name, known, known_count)) refuse_unknown(f, name, known, known_count);
    }
    return true;
}

static JsonRef at(const Fields *f, Str name)
{
    return json_get(f->json, 0, name);
}

bool fields_has(const Fields *f, Str name)
{
    return at(f, name) != JSON_NONE;
}

bool fields_is_null(const Fields *f, Str name)
{
    return json_is(f->json, at(f, name), JSON_NULL);
}

void fields_require(const Fields *f, Str name, const char *kind)
{
    if (!fields_has(f, name)) fields_problem(f, "%.*s must be %s", STR_FMT(name), kind);
}

static bool refuse(const Fields *f, Str name, const char *rule)
{
    fields_problem(f, "%.*s must be %s", STR_FMT(name), rule);
    return false;
}

bool fields_text(const Fields *f, Str name, uint32_t min, uint32_t max, Str *ret_text)
{
    Str text;
    if (!fields_has(f, name)) return false;
    if (!json_string(f->json, at(f, name), f->arena, &text)) return refuse(f, name, "a string");
    if (min && text.len == 0) {
        fields_problem(f, "%.*s should not be empty", STR_FMT(name));
        return false;
    }
    if (text.len < min || text.len > max) {
        fields_problem(f, "%.*s must be %u to %u bytes long", STR_FMT(name), min, max);
        return false;
    }
    if (memchr(text.at, 0, text.len)) { /* PostgreSQL keeps no NUL in a text */
        fields_problem(f, "%.*s must not contain NUL", STR_FMT(name));
        return false;
    }
    *ret_text = text;
    return true;
}

bool line_is_clean(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f) return false;
    return true;
}

bool fields_line(const Fields *f, Str name, uint32_t min, uint32_t max, Str *ret_text)
{
    Str text;
    if (!fields_text(f, name, min, max, &text)) return false;
    if (!line_is_clean(text)) {
        fields_problem(f, "%.*s must not contain control characters", STR_FMT(name));
        return false;
    }
    *ret_text = text;
    return true;
}

bool fields_count(const Fields *f, Str name, uint32_t max, uint32_t *ret_count)
{
    int64_t value;
    if (!fields_has(f, name)) return false;
    if (!json_i64(f->json, at(f, name), &value) || value < 0 || value > (int64_t)max) {
        fields_problem(f, "%.*s must be an integer from 0 to %u", STR_FMT(name), max);
        return false;
    }
    *ret_count = (uint32_t)value;
    return true;
}

bool fields_flag(const Fields *f, Str name, bool *ret_flag)
{
    JsonRef ref = at(f, name);
    if (ref == JSON_NONE) return false;
    if (!json_is(f->json, ref, JSON_TRUE) && !json_is(f->json, ref, JSON_FALSE))
        return refuse(f, name, "true or false");
    *ret_flag = json_is(f->json, ref, JSON_TRUE);
    return true;
}

bool fields_object(const Fields *f, Str name, JsonRef *ret_at)
{
    JsonRef ref = at(f, name);
    if (ref == JSON_NONE) return false;
    if (!json_is(f->json, ref, JSON_OBJECT)) return refuse(f, name, "an object");
    *ret_at = ref;
    return true;
}

bool fields_array(const Fields *f, Str name, JsonRef *ret_at)
{
    JsonRef ref = at(f, name);
    if (ref == JSON_NONE) return false;
    if (!json_is(f->json, ref, JSON_ARRAY)) return refuse(f, name, "an array");
    *ret_at = ref;
    return true;
}
