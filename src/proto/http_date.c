/* Fixed places, fixed length: the text is turned into an ISO one, and that is parsed. */
#include "proto/http_date.h"

#include "base/isotime.h"

enum { HTTP_DATE_LEN = 29, ISO_LEN = 20 };

static int month_of(Str name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (str_eq(name, str_make(months + 3 * i, 3))) return i + 1;
    return 0;
}

bool http_date_parse(Str text, int64_t *ret_unix_ms)
{
    static const char shape[] = "aaa, 00 aaa 0000 00:00:00 GMT";
    char iso[ISO_LEN] = "0000-00-00T00:00:00Z";
    if (text.len != HTTP_DATE_LEN) return false;
    for (size_t i = 0; i < HTTP_DATE_LEN; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (shape[i] == '0' ? !digit : shape[i] != 'a' && text.at[i] != shape[i]) return false;
    }
    int month = month_of(str_make(text.at + 8, 3));
    if (month == 0) return false;
    memcpy(iso, text.at + 12, 4);
    iso[5] = (char)('0' + month / 10);
    iso[6] = (char)('0' + month % 10);
    memcpy(iso + 8, text.at + 5, 2);
    memcpy(iso + 11, text.at + 17, 8);
    return iso_parse(str_make(iso, ISO_LEN), ret_unix_ms);
}
