#include "base/isotime.h"

/* Days from 1970-01-01 and back, proleptic Gregorian, by the era method (400-year cycles). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = days / 146097; /* days >= 0 here: callers clamp to 1970 */
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static void digits(char *at, int width, int64_t value)
{
    for (int i = width - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void iso_ms(int64_t unix_ms, char ret[ISO_MS_LEN])
{
    int64_t year;
    int month, day;
    if (unix_ms < 0) unix_ms = 0;
    if (unix_ms > 253402300799999) unix_ms = 253402300799999;
    int64_t ms = unix_ms % 86400000;
    civil_from_days(unix_ms / 86400000, &year, &month, &day);
    memcpy(ret, "0000-00-00T00:00:00.000Z", ISO_MS_LEN);
    digits(ret, 4, year);
    digits(ret + 5, 2, month);
    digits(ret + 8, 2, day);
    digits(ret + 11, 2, ms / 3600000);
    digits(ret + 14, 2, ms / 60000 % 60);
    digits(ret + 17, 2, ms / 1000 % 60);
    digits(ret + 20, 3, ms % 1000);
}

static bool take_number(Str *s, size_t width, int *ret)
{
    uint64_t value;
    if (s->len < width || !str_to_u64(str_head(*s, width), &value)) return false;
    *s = str_from(*s, width);
    *ret = (int)value;
    return true;
}

static bool take_char(Str *s, char c)
{
    if (s->len == 0 || s->at[0] != c) return false;
    *s = str_from(*s, 1);
    return true;
}

static int month_days(int year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool iso_parse(Str s, int64_t *ret_unix_ms)
{
    int year, month, day, hour, minute, second, ms = 0, offset_min = 0;
    if (!take_number(&s, 4, &year) || !take_char(&s, '-') || !take_number(&s, 2, &month) ||
        !take_char(&s, '-') || !take_number(&s, 2, &day))
        return false;
    if (!take_char(&s, 'T') && !take_char(&s, 't')) return false;
    if (!take_number(&s, 2, &hour) || !take_char(&s, ':') || !take_number(&s, 2, &minute) ||
        !take_char(&s, ':') || !take_number(&s, 2, &second))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    if (take_char(&s, '.')) {
        int scale = 100, seen = 0;
        for (; s.len && s.at[0] >= '0' && s.at[0] <= '9'; s = str_from(s, 1), seen++) {
            ms += (s.at[0] - '0') * scale;
            scale /= 10;
        }
        if (seen == 0) return false;
    }
    if (s.len && (s.at[0] == '+' || s.at[0] == '-')) {
        int sign = s.at[0] == '-' ? -1 : 1, zone_hour, zone_minute;
        s = str_from(s, 1);
        if (!take_number(&s, 2, &zone_hour) || !take_char(&s, ':') ||
            !take_number(&s, 2, &zone_minute) || zone_hour > 23 || zone_minute > 59)
            return false;
        offset_min = sign * (zone_hour * 60 + zone_minute);
    } else if (s.len && !take_char(&s, 'Z') && !take_char(&s, 'z')) {
        return false;
    }
    if (s.len) return false;
    *ret_unix_ms = days_from_civil(year, month, day) * 86400000 + (int64_t)hour * 3600000 +
                   ((int64_t)minute - offset_min) * 60000 + (int64_t)second * 1000 + ms;
    return true;
}
