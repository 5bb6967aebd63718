/* helper.h: the helpers a template may call; private to this folder.
 *
 * There are five, all built in. Data can never add one. What Handlebars would throw at run time (an
 * unknown helper, a wrong number of values) is refused when the template is saved.
 *
 * Thread: any. */
#ifndef ORQ_DOMAIN_TEMPLATE_HELPER_H
#define ORQ_DOMAIN_TEMPLATE_HELPER_H

#include "domain/template/syntax.h"

typedef enum HelperKind {
    HELPER_NONE, /* not the name of a helper */
    HELPER_IF,
    HELPER_UNLESS,
    HELPER_EACH,
    HELPER_WITH,
    HELPER_LOOKUP,
    HELPER_REFUSED /* a name Handlebars gives a meaning that we do not */
} HelperKind;

typedef enum HelperPlace {
    PLACE_ECHO,  /* {{x}} */
    PLACE_BLOCK, /* {{#x}} */
    PLACE_VALUE  /* (x) */
} HelperPlace;

/* Which helper the call means. Anything wrong with it becomes an error at `at`. */
Status helper_find(const Call *call, HelperPlace place, Str source, size_t at, HelperKind *ret_kind,
                   Err *err) MUST_USE;

#endif
