/* str.h: a borrowed slice of bytes. Not NUL-terminated, never owned, cheap to pass by value.
 *
 * A Str is valid as long as the memory it points into; the function that hands one out says whose
 * memory that is.
 *
 * Thread: none of its own.  Errors: none; the parsers return false and leave *ret_ alone. */
#ifndef ORQ_BASE_STR_H
#define ORQ_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Str {
    const char *at;
    size_t len;
} Str;

#define S(literal) ((Str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }                                   /* for static initialisers */
#define STR_FMT(s) (int)(s).len, (s).at /* printf("%.*s", STR_FMT(s)) */

static inline Str str_make(const void *at, size_t len)
{
    return (Str){(const char *)at, len};
}
static inline Str str_of(const char *z) /* z may be NULL */
{
    return (Str){z, z ? strlen(z) : 0};
}
static inline bool str_eq(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}
static inline bool str_is(Str a, const char *z)
{
    return str_eq(a, str_of(z));
}
static inline Str str_from(Str s, size_t start) /* start <= s.len */
{
    return (Str){s.at + start, s.len - start};
}
static inline Str str_head(Str s, size_t len)
{
    return (Str){s.at, len < s.len ? len : s.len};
}

bool str_eq_nocase(Str a, Str b); /* ASCII only */
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
/* Index of the byte, or -1. */
ptrdiff_t str_find(Str s, char byte);
ptrdiff_t str_find_last(Str s, char byte);
/* Without leading and trailing spaces and tabs. */
Str str_trim(Str s);
/* Cuts *rest at the first separator and returns what stood before it; when there is none, returns
 * all of it and *rest becomes {NULL,0}. */
Str str_cut(Str *rest, char separator);
int str_compare(Str a, Str b);

/* Whole-string decimal. No sign, no spaces, no leading '+': a peer sent it. */
bool str_to_u64(Str s, uint64_t *ret_value);
bool str_to_i64(Str s, int64_t *ret_value); /* also accepts one leading '-' */

/* Owned, NUL-terminated copy for C APIs; free() it. */
char *str_dup_z(Str s);

#endif
