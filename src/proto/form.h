/* form.h: application/x-www-form-urlencoded bodies, all of their fields at once.
 *
 * Thread: none of its own.  Ownership: in the arena.
 * Errors: ST_INVALID for a broken escape, a control character or broken UTF-8; ST_TOO_BIG. */
#ifndef ORQ_PROTO_FORM_H
#define ORQ_PROTO_FORM_H

#include "base/arena.h"
#include "base/status.h"

enum { FORM_FIELDS_MAX = 100 };

typedef struct FormField {
    Str name, value;
} FormField;

typedef struct Form {
    FormField *at;
    size_t count; /* in the order in which they came */
} Form;

Status form_parse(Str body, Arena *arena, Form *ret_form) MUST_USE;
Str form_value(const Form *form, Str name); /* the first one; "" when absent */
void form_sort(Form *form);                 /* by name, bytewise; equal names by value */

#endif
