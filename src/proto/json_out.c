/* Writing. Escapes what RFC 8259 7 demands and nothing more, so text stays readable and short. */
#include "proto/json.h"

#include "base/utf8.h"
#include "proto/json_scan.h"

static void put_escape(Buf *b, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char letter = byte < 0x20 ? letters[byte] : (char)byte;
    if (letter) {
        char pair[2] = {'\\', letter};
        buf_add(b, str_make(pair, 2));
    } else {
        char unicode[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
        buf_add(b, str_make(unicode, 6));
    }
}

/* A run that needs no escape: plain bytes and whole characters beyond ASCII. */
static Str take_run(Str *rest)
{
    const char *at = rest->at, *end = rest->at + rest->len;
    for (;;) {
        at = json_plain_end(at, end);
        if (at == end || (uint8_t)*at < 0x80) break;
        size_t len = utf8_char_len(str_make(at, (size_t)(end - at)));
        if (len == 0) break;
        at += len;
    }
    Str run = str_make(rest->at, (size_t)(at - rest->at));
    *rest = str_from(*rest, run.len);
    return run;
}

void json_put_escaped(Buf *b, Str text)
{
    while (text.len) {
        buf_add(b, take_run(&text));
        if (text.len == 0) break;
        if ((uint8_t)text.at[0] >= 0x80)
            buf_lit(b, "\xef\xbf\xbd");
        else
            put_escape(b, (uint8_t)text.at[0]);
        text = str_from(text, 1);
    }
}

void json_put_string(Buf *b, Str text)
{
    buf_add_byte(b, '"');
    json_put_escaped(b, text);
    buf_add_byte(b, '"');
}

/* Inside a string a newline is always escaped, and no two tokens need one between them, so every
 * newline byte of a valid document may go. */
void json_put_raw_line(Buf *b, Str raw)
{
    size_t start = 0;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.at[i] != '\n' && raw.at[i] != '\r') continue;
        buf_add(b, str_make(raw.at + start, i - start));
        start = i + 1;
    }
    if (start < raw.len) buf_add(b, str_from(raw, start));
}
