#include "base/str.h"

#include "base/mem.h"

static char lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c + 32) : c;
}

bool str_eq_nocase(Str a, Str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i])) return false;
    return true;
}

bool str_starts(Str s, Str prefix)
{
    return s.len >= prefix.len && str_eq(str_head(s, prefix.len), prefix);
}

bool str_ends(Str s, Str suffix)
{
    return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

ptrdiff_t str_find(Str s, char byte)
{
    const char *at = s.len ? memchr(s.at, byte, s.len) : NULL;
    return at ? at - s.at : -1;
}

ptrdiff_t str_find_last(Str s, char byte)
{
    const char *at = s.len ? memrchr(s.at, byte, s.len) : NULL;
    return at ? at - s.at : -1;
}

Str str_trim(Str s)
{
    while (s.len && (s.at[0] == ' ' || s.at[0] == '\t')) s = str_from(s, 1);
    while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t')) s.len--;
    return s;
}

Str str_cut(Str *rest, char separator)
{
    ptrdiff_t i = str_find(*rest, separator);
    Str head = *rest;
    if (i < 0) {
        *rest = (Str){NULL, 0};
        return head;
    }
    *rest = str_from(*rest, (size_t)i + 1);
    return str_head(head, (size_t)i);
}

int str_compare(Str a, Str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.at, b.at, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_to_u64(Str s, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') return false;
        if (__builtin_mul_overflow(value, 10u, &value)) return false;
        if (__builtin_add_overflow(value, (uint64_t)(s.at[i] - '0'), &value)) return false;
    }
    *ret_value = value;
    return true;
}

bool str_to_i64(Str s, int64_t *ret_value)
{
    uint64_t magnitude;
    bool negative = s.len && s.at[0] == '-';
    if (!str_to_u64(negative ? str_from(s, 1) : s, &magnitude)) return false;
    if (magnitude > (uint64_t)INT64_MAX + negative) return false;
    *ret_value = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

char *str_dup_z(Str s)
{
    char *z = mem_alloc(s.len + 1);
    if (s.len) memcpy(z, s.at, s.len);
    z[s.len] = '\0';
    return z;
}
