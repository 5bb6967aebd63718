/* value.h: what an expression of a template yields while it renders; private to this folder.
 *
 * A Value is small and borrowed: from the JSON that came in, or from the template. Strings stay
 * escaped as they stand in the JSON until somebody needs their bytes.
 *
 * Scratch holds unescaped bytes for the moment; value_scratch_reset gives them back. In the usual
 * case nothing is ever put there.
 *
 * Thread: one render.  Errors: false when the scratch is full. */
#ifndef ORQ_DOMAIN_TEMPLATE_VALUE_H
#define ORQ_DOMAIN_TEMPLATE_VALUE_H

#include "proto/json.h"

typedef enum ValueKind {
    VALUE_UNDEFINED,
    VALUE_NULL,
    VALUE_FALSE,
    VALUE_TRUE,
    VALUE_NUMBER,      /* number */
    VALUE_JSON_NUMBER, /* doc, ref */
    VALUE_TEXT,        /* at, len: of the template */
    VALUE_UNIT,        /* at most 4 bytes in place: one character out of a string */
    VALUE_JSON_TEXT,   /* doc, ref: a string, or the key of an object */
    VALUE_ARRAY,       /* doc, ref */
    VALUE_OBJECT,      /* doc, ref */
    VALUE_EMPTY        /* the object that stands in for a null context */
} ValueKind;

typedef struct Value {
    uint8_t kind; /* ValueKind */
    uint8_t unit_len;
    uint32_t ref; /* JsonRef, or the length of VALUE_TEXT */
    union {
        const Json *doc;
        const char *at;
        double number;
        char unit[4];
    };
} Value;

typedef struct Scratch {
    Arena arena;
    uint32_t *steps; /* what is left; long work takes from it */
} Scratch;

Value value_of(const Json *doc, JsonRef at); /* undefined for JSON_NONE */
Value value_number(double number);
Value value_text(Str text);
static inline Value value_bool(bool b)
{
    return (Value){.kind = b ? VALUE_TRUE : VALUE_FALSE};
}
static inline bool value_is_nullish(Value v)
{
    return v.kind <= VALUE_NULL;
}

/* As in JavaScript: empty text, 0, null, undefined, false. */
bool value_is_falsy(Value v, Scratch *scratch);
/* As in Handlebars: falsy but 0, or an array of nothing. */
bool value_is_empty(Value v, Scratch *scratch);

/* v[key]; index is the key as array index, or UINT32_MAX. Undefined when there is none. */
Value value_get(Value v, Str key, uint32_t index, Scratch *scratch);
/* v[key] for a key that was computed. */
Value value_lookup(Value v, Value key, Scratch *scratch);

/* Appends as text; html escapes what Handlebars escapes. */
bool value_write(Value v, bool html, Buf *out, Scratch *scratch);
/* The same into the scratch. */
bool value_as_text(Value v, Scratch *scratch, Str *ret_text);

/* The == of JavaScript. Decides whether a block adds a level for "../" (see render.c). */
bool value_loosely_equal(Value a, Value b, Scratch *scratch);

/* Takes from the steps; at 0 the render ends. */
static inline void scratch_charge(Scratch *scratch, uint64_t steps)
{
    *scratch->steps = steps < *scratch->steps ? *scratch->steps - (uint32_t)steps : 0;
}
static inline void value_scratch_reset(Scratch *scratch)
{
    if (arena_bytes(&scratch->arena) > 0) arena_done(&scratch->arena);
}

#endif
