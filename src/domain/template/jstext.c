/* Numbers first try 15 digits: a decimal of at most 15 digits survives the trip through a double, so
 * if 15 digits read back they are the shortest once the zeros at their end are gone. Only then 16 and
 * 17 are tried. Two exceptions: subnormals have fewer digits than that and start from 1; and at a
 * power of two the gap below is half the gap above, so the decimal next above the nearest one can
 * read back when the nearest itself does not. */
#include "domain/template/jstext.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/utf8.h"

/* White space */

/* Length of the white-space character at the start, or 0. UTF-8 of U+00A0, U+1680, U+2000-200A,
 * U+2028, U+2029, U+202F, U+205F, U+3000, U+FEFF and ASCII's six. */
static size_t space_len(Str text)
{
    if (text.len == 0) return 0;
    uint8_t c = (uint8_t)text.at[0];
    if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
    if (text.len < 2) return 0;
    uint8_t d = (uint8_t)text.at[1];
    if (c == 0xc2) return d == 0xa0 ? 2 : 0;
    if (text.len < 3) return 0;
    uint8_t e = (uint8_t)text.at[2];
    bool wide = (c == 0xe1 && d == 0x9a && e == 0x80) ||
                (c == 0xe2 && d == 0x80 && (e <= 0x8a || e == 0xa8 || e == 0xa9 || e == 0xaf)) ||
                (c == 0xe2 && d == 0x81 && e == 0x9f) || (c == 0xe3 && d == 0x80 && e == 0x80) ||
                (c == 0xef && d == 0xbb && e == 0xbf);
    return wide ? 3 : 0;
}

size_t js_space_head(Str text)
{
    size_t at = 0;
    for (size_t len; (len = space_len(str_from(text, at))) > 0;) at += len;
    return at;
}

size_t js_space_tail(Str text)
{
    size_t end = text.len;
    for (;;) {
        size_t start = end;
        while (start > 0 && ((uint8_t)text.at[start - 1] & 0xc0) == 0x80) start--;
        if (start == 0) break;
        start--; /* the first byte of the last character */
        if (space_len(str_make(text.at + start, end - start)) != end - start) break;
        end = start;
    }
    return text.len - end;
}

/* Numbers */

typedef struct Decimal { /* 0.DIGITS x 10^point */
    char digits[24];
    int count, point;
} Decimal;

static bool reads_back(unsigned long long mantissa, int exponent, double value)
{
    char text[48];
    snprintf(text, sizeof text, "%llue%d", mantissa, exponent);
    return strtod(text, NULL) == value;
}

/* The nearest decimal with `count` digits: mantissa x 10^exponent. */
static unsigned long long nearest(double value, int count, int *ret_exponent)
{
    char text[48];
    unsigned long long mantissa = 0;
    snprintf(text, sizeof text, "%.*e", count - 1, value);
    const char *c = text;
    for (; *c != 'e'; c++)
        if (*c != '.') mantissa = mantissa * 10 + (unsigned)(*c - '0');
    *ret_exponent = (int)strtol(c + 1, NULL, 10) - (count - 1);
    return mantissa;
}

static Decimal shortest(double value) /* > 0 */
{
    int exponent;
    unsigned long long mantissa;
    bool power_of_two = frexp(value, &exponent) == 0.5;
    for (int count = value < DBL_MIN ? 1 : 15;; count++) {
        mantissa = nearest(value, count, &exponent);
        if (count == 17 || reads_back(mantissa, exponent, value)) break;
        if (power_of_two && reads_back(mantissa + 1, exponent, value)) {
            mantissa++;
            break;
        }
    }
    Decimal d = {.count = 0};
    d.count = snprintf(d.digits, sizeof d.digits, "%llu", mantissa);
    d.point = d.count + exponent;
    while (d.count > 1 && d.digits[d.count - 1] == '0') d.count--;
    return d;
}

typedef struct Pen { /* writes into the caller's room */
    char *at;
} Pen;

static void put(Pen *pen, const char *bytes, int count)
{
    memcpy(pen->at, bytes, (size_t)count);
    pen->at += count;
}

static void put_zeros(Pen *pen, int count)
{
    memset(pen->at, '0', (size_t)count);
    pen->at += count;
}

static void put_decimal(Pen *pen, const Decimal *d)
{
    if (d->count <= d->point && d->point <= 21) { /* 1500 */
        put(pen, d->digits, d->count);
        put_zeros(pen, d->point - d->count);
    } else if (0 < d->point && d->point <= 21) { /* 1.5 */
        put(pen, d->digits, d->point);
        put(pen, ".", 1);
        put(pen, d->digits + d->point, d->count - d->point);
    } else if (-6 < d->point && d->point <= 0) { /* 0.0015 */
        put(pen, "0.", 2);
        put_zeros(pen, -d->point);
        put(pen, d->digits, d->count);
    } else { /* 1.5e+30 */
        put(pen, d->digits, 1);
        if (d->count > 1) put(pen, ".", 1);
        put(pen, d->digits + 1, d->count - 1);
        char exponent[8];
        put(pen, exponent, snprintf(exponent, sizeof exponent, "e%+d", d->point - 1));
    }
}

/* Counts and indexes: no search is needed. */
static Str whole_number(uint32_t value, char room[JS_NUMBER_MAX])
{
    size_t at = JS_NUMBER_MAX;
    do {
        room[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return str_make(room + at, JS_NUMBER_MAX - at);
}

Str js_number(double value, char room[JS_NUMBER_MAX])
{
    Pen pen = {room};
    if (value >= 0 && value <= UINT32_MAX && value == floor(value))
        return whole_number((uint32_t)value, room); /* -0 too */
    if (isnan(value)) return S("NaN");
    if (isinf(value)) return value < 0 ? S("-Infinity") : S("Infinity");
    if (value < 0) put(&pen, "-", 1);
    Decimal d = shortest(fabs(value));
    put_decimal(&pen, &d);
    return str_make(room, (size_t)(pen.at - room));
}

/* At most 15 digits, no exponent, no zero at the end of a fraction, not so small that JavaScript
 * would use an exponent, and not -0. */
bool js_number_is_canonical(Str raw)
{
    bool negative = str_starts(raw, S("-"));
    Str rest = str_from(raw, negative);
    ptrdiff_t dot = str_find(rest, '.');
    if (str_find(rest, 'e') >= 0 || str_find(rest, 'E') >= 0) return false;
    if (dot < 0) return rest.len <= 15 && !(negative && str_is(rest, "0"));
    return rest.len <= 16 && !str_ends(rest, S("0")) && !str_starts(rest, S("0.000000"));
}

bool js_array_index(Str key, uint32_t *ret_index)
{
    if (key.len == 0 || key.len > 10 || (key.at[0] == '0' && key.len > 1)) return false;
    uint64_t value;
    if (!str_to_u64(key, &value) || value >= UINT32_MAX) return false;
    *ret_index = (uint32_t)value;
    return true;
}

/* UTF-16 */

static uint32_t units_of(uint8_t first) /* 0 inside a character, 2 when it needs a pair */
{
    return (first & 0xc0) == 0x80 ? 0 : first >= 0xf0 ? 2 : 1;
}

uint32_t js_length(Str text)
{
    uint32_t units = 0;
    for (size_t i = 0; i < text.len; i++) units += units_of((uint8_t)text.at[i]);
    return units;
}

bool js_unit_at(Str text, uint32_t index, char room[4], Str *ret_unit)
{
    uint32_t units = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t here = units_of((uint8_t)text.at[i]);
        if (here == 0 || index >= (units += here)) continue;
        size_t len = here == 2 ? utf8_encode(0xfffd, room) : utf8_char_len(str_from(text, i));
        if (here == 1) memcpy(room, text.at + i, len);
        *ret_unit = str_make(room, len);
        return true;
    }
    return false;
}
