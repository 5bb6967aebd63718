/* json.h: strict JSON (RFC 8259), read in place.
 *
 * json_parse checks the whole text (UTF-8, grammar, depth, node count) and lays one 16-byte node per
 * value into the arena; nothing is copied or unescaped until asked for, and the exact raw span of
 * every value survives, so `variables` go through us byte for byte.
 *
 * Nodes stand in document order. The children of an object alternate key, value, key, value; `next`
 * of a node is the index after its whole subtree.
 *
 * Thread: none of its own.  Ownership: a Json borrows text and arena.
 * Errors: ST_INVALID (err tells the offset and what was expected), ST_TOO_BIG (depth, nodes, arena).
 * Duplicate keys are accepted and the last one wins, as in every browser. */
#ifndef ORQ_PROTO_JSON_H
#define ORQ_PROTO_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"

typedef enum JsonKind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
} JsonKind;

typedef struct JsonNode {
    uint32_t start, end; /* raw span in the text, quotes and brackets included */
    uint32_t next;       /* index of the node after this one's subtree */
    uint32_t count : 28; /* children: elements of an array, members of an object */
    uint32_t kind : 3;   /* JsonKind */
    uint32_t plain : 1;  /* a string without escapes */
} JsonNode;

typedef struct Json {
    Str text;
    const JsonNode *nodes;
    uint32_t count;
} Json;

typedef uint32_t JsonRef; /* index of a node; the root is 0 */
#define JSON_NONE UINT32_MAX

Status json_parse(Str text, Arena *arena, Json *ret_json, Err *err) MUST_USE;

/* All of these accept JSON_NONE and answer as for a missing value. */
bool json_is(const Json *j, JsonRef at, JsonKind kind);
JsonRef json_get(const Json *j, JsonRef object, Str key);  /* JSON_NONE when absent */
JsonRef json_at(const Json *j, JsonRef array, uint32_t i); /* linear */
uint32_t json_count(const Json *j, JsonRef at);            /* 0 for scalars */

/* Children: for (JsonRef c = json_first(j, at); c != JSON_NONE; c = json_next(j, at, c))
 * In an object c is a key node and c + 1 its value; json_next steps to the next key. */
JsonRef json_first(const Json *j, JsonRef parent);
JsonRef json_next(const Json *j, JsonRef parent, JsonRef child);

Str json_raw(const Json *j, JsonRef at); /* {NULL,0} for JSON_NONE */
/* Unescaped text; false when it is no string or the arena is full. Borrowed from the text when the
 * string has no escapes. A lone surrogate becomes U+FFFD. May contain NUL bytes (\u0000). */
bool json_string(const Json *j, JsonRef at, Arena *arena, Str *ret_text);
bool json_string_is(const Json *j, JsonRef at, Str text);
bool json_i64(const Json *j, JsonRef at, int64_t *ret_value); /* integers in range only */
bool json_double(const Json *j, JsonRef at, double *ret_value);

/* Writing. */
void json_put_string(Buf *b, Str text);  /* with quotes; invalid UTF-8 becomes U+FFFD */
void json_put_escaped(Buf *b, Str text); /* the same without the quotes */
/* A raw value without insignificant newlines (a newline separates centrifuge messages). */
void json_put_raw_line(Buf *b, Str raw);

#endif
