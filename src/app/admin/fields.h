/* fields.h: a JSON body, member by member, with every problem collected in the words of E.8.
 *
 * Each reader returns true when the field is there and good. When it is absent nothing happens; when
 * it is there and wrong, the problem is noted. So a handler reads all of its fields, then looks at
 * problems->count once.
 *
 * Thread: none of its own.  Ownership: texts live in the arena or in the body. */
#ifndef ORQ_APP_ADMIN_FIELDS_H
#define ORQ_APP_ADMIN_FIELDS_H

#include "domain/intake/trigger.h"
#include "proto/json.h"

typedef struct Fields {
    const Json *json; /* its root is the object */
    Arena *arena;
    Problems *problems;
} Fields;

/* Notes a sentence made in the arena. */
void fields_problem(const Fields *f, const char *format, ...) PRINTF_LIKE(2, 3);

/* Is the root an object that holds nothing but `known`? The one problem that stops further reading is
 * a root that is no object: false. Unknown members are noted, with the known ones named. */
bool fields_open(const Fields *f, const Str *known, uint32_t known_count);

bool fields_has(const Fields *f, Str name);     /* also when it is null */
bool fields_is_null(const Fields *f, Str name); /* there, and null */
void fields_require(const Fields *f, Str name, const char *kind /* "a string" */);

bool fields_text(const Fields *f, Str name, uint32_t min, uint32_t max, Str *ret_text);
/* The same on one line: no control characters, so that it can go into a header or a log. */
bool fields_line(const Fields *f, Str name, uint32_t min, uint32_t max, Str *ret_text);
bool fields_count(const Fields *f, Str name, uint32_t max, uint32_t *ret_count); /* from 0 */
bool fields_flag(const Fields *f, Str name, bool *ret_flag);
bool fields_object(const Fields *f, Str name, JsonRef *ret_at);
bool fields_array(const Fields *f, Str name, JsonRef *ret_at);

bool line_is_clean(Str text); /* no control characters */

#endif
