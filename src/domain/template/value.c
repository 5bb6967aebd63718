/* Reads the JSON tree directly (json.h shows its nodes): in document order, `next` behind a subtree.
 * Work that grows with the data, not with the template, is charged to the steps here: a lookup in an
 * object costs by its members, an unescaped string by its length. */
#include "domain/template/value.h"

#include <math.h>
#include <stdlib.h>

#include "domain/template/jstext.h"

/* Prices, in steps. A step is worth about 40 ns, so that all of them fit into TEMPLATE_RENDER_MS_MAX. */
enum {
    MEMBERS_PER_STEP = 2,
    ELEMENTS_PER_STEP = 8,
    BYTES_PER_STEP = 16,   /* unescaped, measured or compared */
    DIGITS_PER_STEP = 4,   /* of a number that is read */
    SHORT_NUMBER = 24,     /* reading one up to this length is part of the op */
    STEPS_PER_NUMBER = 40, /* the search for the shortest digits */
};

static const JsonNode *node_of(Value v)
{
    return &v.doc->nodes[v.ref];
}

Value value_of(const Json *doc, JsonRef at)
{
    static const uint8_t kinds[] = {
        [JSON_NULL] = VALUE_NULL,        [JSON_FALSE] = VALUE_FALSE,
        [JSON_TRUE] = VALUE_TRUE,        [JSON_NUMBER] = VALUE_JSON_NUMBER,
        [JSON_STRING] = VALUE_JSON_TEXT, [JSON_ARRAY] = VALUE_ARRAY,
        [JSON_OBJECT] = VALUE_OBJECT,
    };
    if (at >= doc->count) return (Value){.kind = VALUE_UNDEFINED};
    return (Value){.kind = kinds[doc->nodes[at].kind], .ref = at, .doc = doc};
}

Value value_number(double number)
{
    return (Value){.kind = VALUE_NUMBER, .number = number};
}

Value value_text(Str text)
{
    return (Value){.kind = VALUE_TEXT, .ref = (uint32_t)text.len, .at = text.at};
}

static double number_of(Value v, Scratch *scratch) /* of the two kinds of number */
{
    double number;
    if (v.kind == VALUE_NUMBER) return v.number;
    Str raw = json_raw(v.doc, v.ref);
    if (raw.len > SHORT_NUMBER) scratch_charge(scratch, raw.len / DIGITS_PER_STEP);
    if (json_double(v.doc, v.ref, &number)) return number;
    return raw.at[0] == '-' ? -INFINITY : INFINITY; /* 1e999 */
}

bool value_is_falsy(Value v, Scratch *scratch)
{
    switch ((ValueKind)v.kind) {
    case VALUE_UNDEFINED:
    case VALUE_NULL:
    case VALUE_FALSE:
        return true;
    case VALUE_NUMBER:
    case VALUE_JSON_NUMBER:
        return number_of(v, scratch) == 0;
    case VALUE_TEXT:
        return v.ref == 0;
    case VALUE_JSON_TEXT:
        return json_raw(v.doc, v.ref).len == 2;
    case VALUE_TRUE:
    case VALUE_UNIT:
    case VALUE_ARRAY:
    case VALUE_OBJECT:
    case VALUE_EMPTY:
        return false;
    }
    return false;
}

bool value_is_empty(Value v, Scratch *scratch)
{
    if (v.kind == VALUE_NUMBER || v.kind == VALUE_JSON_NUMBER) return false;
    return value_is_falsy(v, scratch) || (v.kind == VALUE_ARRAY && json_count(v.doc, v.ref) == 0);
}

/* Text */

static bool is_textual(Value v)
{
    return v.kind == VALUE_TEXT || v.kind == VALUE_UNIT || v.kind == VALUE_JSON_TEXT;
}

/* The bytes of a JSON string; only one with escapes costs scratch. */
static bool unescaped(Value v, Scratch *scratch, Str *ret_text)
{
    const JsonNode *n = node_of(v);
    if (!n->plain) scratch_charge(scratch, (n->end - n->start) / BYTES_PER_STEP);
    return json_string(v.doc, v.ref, &scratch->arena, ret_text);
}

static Str number_text(double number, char room[JS_NUMBER_MAX], Scratch *scratch)
{
    if (number != floor(number) || fabs(number) > UINT32_MAX)
        scratch_charge(scratch, STEPS_PER_NUMBER);
    return js_number(number, room);
}

/* Everything that is one piece of text. `room` backs numbers; unit bytes are borrowed from *v. */
static bool scalar_text(const Value *v, char room[JS_NUMBER_MAX], Scratch *scratch, Str *ret_text)
{
    switch ((ValueKind)v->kind) {
    case VALUE_UNDEFINED:
        *ret_text = S("undefined");
        return true;
    case VALUE_NULL:
        *ret_text = S("null");
        return true;
    case VALUE_FALSE:
        *ret_text = S("false");
        return true;
    case VALUE_TRUE:
        *ret_text = S("true");
        return true;
    case VALUE_NUMBER:
        *ret_text = number_text(v->number, room, scratch);
        return true;
    case VALUE_JSON_NUMBER:
        *ret_text = json_raw(v->doc, v->ref);
        if (!js_number_is_canonical(*ret_text))
            *ret_text = number_text(number_of(*v, scratch), room, scratch);
        return true;
    case VALUE_TEXT:
        *ret_text = str_make(v->at, v->ref);
        return true;
    case VALUE_UNIT:
        *ret_text = str_make(v->unit, v->unit_len);
        return true;
    case VALUE_JSON_TEXT:
        return unescaped(*v, scratch, ret_text);
    case VALUE_ARRAY:
    case VALUE_OBJECT:
    case VALUE_EMPTY:
        break;
    }
    *ret_text = S("[object Object]");
    return true;
}

static const Str *entity_of(char c)
{
    static const Str amp = STR_INIT("&amp;"), lt = STR_INIT("&lt;"), gt = STR_INIT("&gt;"),
                     quot = STR_INIT("&quot;"), apos = STR_INIT("&#x27;"),
                     tick = STR_INIT("&#x60;"), equal = STR_INIT("&#x3D;");
    switch (c) {
    case '&':
        return &amp;
    case '<':
        return &lt;
    case '>':
        return &gt;
    case '"':
        return &quot;
    case '\'':
        return &apos;
    case '`':
        return &tick;
    case '=':
        return &equal;
    default:
        return NULL;
    }
}

static void write_text(Str text, bool html, Buf *out)
{
    if (!html) {
        buf_add(out, text);
        return;
    }
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        const Str *entity = entity_of(text.at[i]);
        if (!entity) continue;
        buf_add(out, str_make(text.at + start, i - start));
        buf_add(out, *entity);
        start = i + 1;
    }
    buf_add(out, str_from(text, start));
}

/* Array.prototype.toString: elements joined by commas, arrays inside of arrays as well, null as
 * nothing. No recursion: nodes stand in document order, and a node is the first element of an array
 * exactly when that array, not empty, is the node before it. */
static bool write_array(Value v, bool html, Buf *out, Scratch *scratch)
{
    JsonRef at = v.ref + 1, end = node_of(v)->next;
    const JsonNode *nodes = v.doc->nodes;
    char room[JS_NUMBER_MAX];
    while (at<end && * scratch->steps> 0 && buf_status(out) == ST_OK) {
        const JsonNode *before = &nodes[at - 1], *n = &nodes[at];
        bool first = before->kind == JSON_ARRAY && before->count > 0;
        if (!first) buf_add_byte(out, ',');
        scratch_charge(scratch, 1);
        if (n->kind == JSON_ARRAY) {
            at++;
            continue;
        }
        Value element = value_of(v.doc, at);
        Str text = S("");
        if (!value_is_nullish(element) && !scalar_text(&element, room, scratch, &text))
            return false;
        write_text(text, html, out);
        at = n->next;
    }
    return true;
}

bool value_write(Value v, bool html, Buf *out, Scratch *scratch)
{
    char room[JS_NUMBER_MAX];
    Str text;
    if (value_is_nullish(v)) return true;
    if (v.kind == VALUE_ARRAY) return write_array(v, html, out, scratch);
    if (!scalar_text(&v, room, scratch, &text)) return false;
    write_text(text, html, out);
    return true;
}

bool value_as_text(Value v, Scratch *scratch, Str *ret_text)
{
    char room[JS_NUMBER_MAX];
    Str text;
    if (v.kind != VALUE_ARRAY) {
        if (!scalar_text(&v, room, scratch, &text)) return false;
        if (v.kind == VALUE_TEXT || v.kind == VALUE_JSON_TEXT) {
            *ret_text = text;
            return true;
        }
        return arena_copy(&scratch->arena, text, ret_text);
    }
    Buf joined;
    buf_init(&joined, scratch->arena._max / 2);
    bool ok = write_array(v, false, &joined, scratch) && buf_status(&joined) == ST_OK &&
              arena_copy(&scratch->arena, buf_view(&joined), ret_text);
    buf_done(&joined);
    return ok;
}

/* Properties */

static Value text_property(Value v, Str key, uint32_t index, Scratch *scratch)
{
    bool length = str_is(key, "length");
    char room[JS_NUMBER_MAX];
    Str text, unit;
    if (!length && index == UINT32_MAX) return (Value){.kind = VALUE_UNDEFINED};
    if (!scalar_text(&v, room, scratch, &text)) return (Value){.kind = VALUE_UNDEFINED};
    scratch_charge(scratch, text.len / BYTES_PER_STEP);
    if (length) return value_number(js_length(text));
    Value one = {.kind = VALUE_UNIT};
    if (!js_unit_at(text, index, one.unit, &unit)) return (Value){.kind = VALUE_UNDEFINED};
    one.unit_len = (uint8_t)unit.len;
    return one;
}

static Value array_property(Value v, Str key, uint32_t index, Scratch *scratch)
{
    uint32_t count = node_of(v)->count;
    if (index < count) {
        scratch_charge(scratch, index / ELEMENTS_PER_STEP);
        return value_of(v.doc, json_at(v.doc, v.ref, index));
    }
    return str_is(key, "length") ? value_number(count) : (Value){.kind = VALUE_UNDEFINED};
}

Value value_get(Value v, Str key, uint32_t index, Scratch *scratch)
{
    if (v.kind == VALUE_OBJECT) {
        scratch_charge(scratch, node_of(v)->count / MEMBERS_PER_STEP + key.len / BYTES_PER_STEP);
        return value_of(v.doc, json_get(v.doc, v.ref, key));
    }
    if (v.kind == VALUE_ARRAY) return array_property(v, key, index, scratch);
    if (is_textual(v)) return text_property(v, key, index, scratch);
    return (Value){.kind = VALUE_UNDEFINED};
}

Value value_lookup(Value v, Value key, Scratch *scratch)
{
    char room[JS_NUMBER_MAX];
    Str text;
    uint32_t index = UINT32_MAX;
    if (value_is_falsy(v, scratch)) return v; /* Handlebars hands it back as it is */
    bool ok = key.kind == VALUE_ARRAY ? value_as_text(key, scratch, &text)
                                      : scalar_text(&key, room, scratch, &text);
    if (!ok) return (Value){.kind = VALUE_UNDEFINED};
    js_array_index(text, &index);
    return value_get(v, text, index, scratch);
}

/* Equality */

/* StringToNumber of ECMA-262: white space around it, nothing is 0, 0x 0o 0b, Infinity. */
static double text_to_number(Str text)
{
    char z[128];
    text = str_from(text, js_space_head(text));
    text.len -= js_space_tail(text);
    if (text.len == 0) return 0;
    if (text.len >= sizeof z) return NAN; /* digits beyond any that a person writes */
    memcpy(z, text.at, text.len);
    z[text.len] = '\0';
    char *end, kind = text.len > 2 && z[0] == '0' ? (char)(z[1] | 0x20) : '\0';
    int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    double number;
    if (base) {
        number = (double)strtoull(z + 2, &end, base);
        if (z[2] == '-' || z[2] == '+' || js_space_head(str_of(z + 2))) return NAN;
    } else {
        const char *digits = z + (z[0] == '-' || z[0] == '+');
        bool infinite = str_is(str_of(digits), "Infinity");
        if (!infinite && !(*digits == '.' || (*digits >= '0' && *digits <= '9'))) return NAN;
        if (strpbrk(digits, "xXpP")) return NAN; /* strtod knows hexadecimal floats */
        number = strtod(z, &end);
    }
    return *end == '\0' ? number : NAN;
}

/* What == makes of a value that meets a number. An array is its text; with two elements or more that
 * text has a comma and is no number. */
static double to_number(Value v, Scratch *scratch)
{
    Str text;
    if (v.kind == VALUE_NUMBER || v.kind == VALUE_JSON_NUMBER) return number_of(v, scratch);
    if (v.kind == VALUE_FALSE || v.kind == VALUE_TRUE) return v.kind == VALUE_TRUE;
    if (v.kind == VALUE_ARRAY && node_of(v)->count > 1) return NAN;
    return value_as_text(v, scratch, &text) ? text_to_number(text) : NAN;
}

static bool is_composite(Value v)
{
    return v.kind >= VALUE_ARRAY;
}

static bool same_text(Value a, Value b, Scratch *scratch)
{
    Str x, y;
    if (!value_as_text(a, scratch, &x) || !value_as_text(b, scratch, &y)) return false;
    if (x.len == y.len) scratch_charge(scratch, x.len / BYTES_PER_STEP);
    return str_eq(x, y);
}

/* An array of n elements has at least n - 1 commas. */
static bool array_is_longer(Value a, Value text)
{
    return a.kind == VALUE_ARRAY && text.kind == VALUE_JSON_TEXT &&
           node_of(a)->count > node_of(text)->end - node_of(text)->start;
}

bool value_loosely_equal(Value a, Value b, Scratch *scratch)
{
    if (value_is_nullish(a) || value_is_nullish(b))
        return value_is_nullish(a) && value_is_nullish(b);
    if (is_composite(a) && is_composite(b))
        return a.kind == b.kind && (a.kind == VALUE_EMPTY || (a.doc == b.doc && a.ref == b.ref));
    if (a.kind == b.kind && a.kind <= VALUE_TRUE) return true;
    bool text = (is_textual(a) || is_composite(a)) && (is_textual(b) || is_composite(b));
    if (text) return !array_is_longer(a, b) && !array_is_longer(b, a) && same_text(a, b, scratch);
    return to_number(a, scratch) == to_number(b, scratch);
}
