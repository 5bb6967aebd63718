/* A line is folded before a word that would carry it past 76 columns; a word longer than a line stays
 * whole (RFC 5322 lets it reach 998, and headers are refused above that). */
#include "proto/mime.h"

#include <stdio.h>
#include <time.h>

#include "base/base64.h"
#include "base/utf8.h"

enum {
    COLUMNS = 76,
    LINE_MAX_BYTES = 998,
    WORD_BYTES_MAX = 42, /* encoded: 12 + 56 characters */
    QUOTED_NAME_MAX = 60 /* a longer name is encoded, which folds; quoted it could double */
};

static const char crlf[] = "\r\n";

void mime_date(int64_t unix_ms, char ret[MIME_DATE_LEN])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[64];
    struct tm t;
    time_t seconds = (time_t)(unix_ms / 1000);
    CHECK(gmtime_r(&seconds, &t) && t.tm_year >= 70 && t.tm_year < 8100);
    int len = snprintf(text, sizeof text, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
                       days + 3 * t.tm_wday, t.tm_mday, months + 3 * t.tm_mon, t.tm_year + 1900,
                       t.tm_hour, t.tm_min, t.tm_sec);
    CHECK(len == MIME_DATE_LEN);
    memcpy(ret, text, MIME_DATE_LEN);
}

/* ---- bodies ---- */

static void put_escaped(Buf *out, uint8_t byte)
{
    static const char digits[] = "0123456789ABCDEF";
    const char escape[3] = {'=', digits[byte >> 4], digits[byte & 15]};
    buf_add(out, str_make(escape, sizeof escape));
}

/* The line end at text.at[i]: CRLF, CR or LF, 1 or 2 bytes; 0 when there is none. */
static size_t line_end(Str text, size_t i)
{
    if (text.at[i] == '\n') return 1;
    if (text.at[i] != '\r') return 0;
    return i + 1 < text.len && text.at[i + 1] == '\n' ? 2 : 1;
}

/* Must this byte be escaped? Blanks only where a line ends; a dot and "From " at its start, for the sake
 * of transports that meddle with them. */
static bool needs_escape(Str text, size_t i, size_t column)
{
    uint8_t c = (uint8_t)text.at[i];
    bool last = i + 1 == text.len || line_end(text, i + 1) > 0;
    if (c == ' ' || c == '\t') return last;
    if (c < '!' || c > '~' || c == '=') return true;
    return column == 0 && (c == '.' || c == 'F');
}

void mime_quoted_printable(Buf *out, Str text)
{
    size_t column = 0;
    for (size_t i = 0; i < text.len;) {
        size_t end = line_end(text, i);
        if (end) {
            buf_lit(out, "\r\n");
            column = 0;
            i += end;
            continue;
        }
        size_t width = needs_escape(text, i, column) ? 3 : 1;
        if (column + width > COLUMNS - 1) { /* the last column is the soft break's '=' */
            buf_lit(out, "=\r\n");
            column = 0;
            width = needs_escape(text, i, column) ? 3 : 1;
        }
        if (width == 3)
            put_escaped(out, (uint8_t)text.at[i]);
        else
            buf_add_byte(out, (uint8_t)text.at[i]);
        column += width;
        i++;
    }
    if (column) buf_lit(out, "\r\n");
}

/* ---- headers ---- */

static bool is_ascii(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.at[i] < ' ' || (uint8_t)text.at[i] > '~') return false;
    return true;
}

/* As many whole characters as an encoded word of `most` bytes holds (RFC 2047 5: none is split). */
static Str encodable(Str text, size_t most)
{
    size_t len = 0;
    while (len < text.len) {
        size_t step = utf8_char_len(str_from(text, len));
        if (step == 0) step = 1; /* not UTF-8: the byte goes through as it is */
        if (len && len + step > most) break;
        len += step;
    }
    return str_head(text, len);
}

static void put_word(Buf *out, Str word)
{
    char encoded[BASE64_LEN(WORD_BYTES_MAX)]; /* a character has 4 bytes at most */
    size_t len = base64_encode((const uint8_t *)word.at, word.len, encoded);
    buf_lit(out, "=?UTF-8?B?");
    buf_add(out, str_make(encoded, len));
    buf_lit(out, "?=");
}

/* Each word in a column of its own makes a fold before it, when the line is full. */
static size_t fold(Buf *out, size_t column, size_t width)
{
    if (column + width <= COLUMNS) return column;
    buf_lit(out, "\r\n");
    return 0;
}

/* What fits behind the header's name: a fold there would put a blank into the value. */
static size_t first_word_max(size_t column)
{
    size_t room = column + 12 < COLUMNS ? (COLUMNS - column - 12) / 4 * 3 : 0;
    return room < WORD_BYTES_MAX ? room : WORD_BYTES_MAX;
}

static size_t put_encoded(Buf *out, Str text, size_t column)
{
    bool first = true;
    while (text.len) { /* blanks between encoded words do not count (RFC 2047 6.2) */
        Str part = encodable(text, first ? first_word_max(column) : WORD_BYTES_MAX);
        size_t width = 12 + BASE64_LEN(part.len);
        size_t at = first ? column : fold(out, column, width + 1);
        if (!first) buf_lit(out, " ");
        put_word(out, part);
        column = at + width + 1;
        first = false;
        text = str_from(text, part.len);
    }
    return column;
}

static size_t put_plain(Buf *out, Str text, size_t column)
{
    while (text.len) { /* a word with the blanks before it: a fold begins with them */
        size_t len = 0;
        while (len < text.len && text.at[len] == ' ') len++;
        bool foldable = len > 0;
        while (len < text.len && text.at[len] != ' ') len++;
        if (foldable) column = fold(out, column, len);
        buf_add(out, str_head(text, len));
        column += len;
        text = str_from(text, len);
    }
    return column;
}

/* Would a reader take some of it for an encoded word? */
static bool looks_encoded(Str text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.at[i] == '=' && text.at[i + 1] == '?') return true;
    return false;
}

/* An unstructured text; `column` bytes of its line are written. Returns the new column. */
static size_t put_text(Buf *out, Str text, size_t column)
{
    bool plain = is_ascii(text) && !looks_encoded(text) && str_eq(str_trim(text), text);
    return plain ? put_plain(out, text, column) : put_encoded(out, text, column);
}

void mime_header(Buf *out, Str name, Str value)
{
    buf_add(out, name);
    buf_lit(out, ": ");
    put_text(out, value, name.len + 2);
    buf_lit(out, "\r\n");
}

static void put_mailbox(Buf *out, const char *header, Str name, Str address)
{
    buf_add(out, str_of(header));
    buf_lit(out, ": ");
    if (name.len) {
        size_t column = strlen(header) + 2;
        if (is_ascii(name) && name.len <= QUOTED_NAME_MAX) { /* RFC 5322 3.2.4 */
            buf_lit(out, "\"");
            for (size_t i = 0; i < name.len; i++) {
                if (name.at[i] == '"' || name.at[i] == '\\') buf_lit(out, "\\");
                buf_add_byte(out, (uint8_t)name.at[i]);
            }
            buf_lit(out, "\"");
            column += name.len + 2;
        } else {
            column = put_encoded(out, name, column);
        }
        buf_add(out, column + address.len + 3 > COLUMNS ? S("\r\n ") : S(" "));
    }
    buf_lit(out, "<");
    buf_add(out, address);
    buf_lit(out, ">\r\n");
}

/* ---- the whole ---- */

static Status check_header(const char *name, Str value, Err *err)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] == '\r' || value.at[i] == '\n' || value.at[i] == '\0')
            return err_set(err, ST_INVALID, "%s holds a line break or a NUL byte", name);
    if (value.len + strlen(name) + 3 > LINE_MAX_BYTES)
        return err_set(err, ST_INVALID, "%s is longer than a header line may be", name);
    return ST_OK;
}

static bool is_token(Str name) /* RFC 5322 3.6.8, without the colon */
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= ' ' || name.at[i] > '~' || name.at[i] == ':') return false;
    return name.len > 0 && name.len < 100;
}

static Status check(const Mail *m, Err *err)
{
    Status st = check_header("The sender's address", m->from, err);
    if (st == ST_OK) st = check_header("The sender's name", m->from_name, err);
    if (st == ST_OK) st = check_header("The recipient's address", m->to, err);
    if (st == ST_OK) st = check_header("The message id", m->message_id, err);
    if (st == ST_OK) st = check_header("The subject", m->subject, err);
    for (size_t i = 0; st == ST_OK && i < m->header_count; i++) {
        if (!is_token(m->headers[i].name))
            return err_set(err, ST_INVALID, "a header has a name that is none");
        st = check_header("A header", m->headers[i].value, err);
    }
    return st;
}

static void put_part(Buf *out, const char *type, Str body)
{
    buf_format(out, "Content-Type: text/%s; charset=utf-8%s", type, crlf);
    buf_format(out, "Content-Transfer-Encoding: quoted-printable%s%s", crlf, crlf);
    mime_quoted_printable(out, body);
}

static void put_boundary(Buf *out, Str boundary, const char *end)
{
    buf_lit(out, "--");
    buf_add(out, boundary);
    buf_add(out, str_of(end));
    buf_lit(out, "\r\n");
}

Status mime_write(const Mail *m, Buf *out, Err *err)
{
    char date[MIME_DATE_LEN];
    Status st = check(m, err);
    if (st != ST_OK) return st;
    mime_date(m->date_ms, date);
    buf_format(out, "Date: %.*s%s", MIME_DATE_LEN, date, crlf);
    put_mailbox(out, "From", m->from_name, m->from);
    put_mailbox(out, "To", S(""), m->to);
    mime_header(out, S("Subject"), m->subject);
    put_mailbox(out, "Message-ID", S(""), m->message_id);
    for (size_t i = 0; i < m->header_count; i++)
        mime_header(out, m->headers[i].name, m->headers[i].value);
    buf_format(out, "MIME-Version: 1.0%s", crlf);
    if (m->html.len == 0) {
        put_part(out, "plain", m->text);
    } else { /* RFC 2046 5.1.4: the richest last */
        buf_lit(out, "Content-Type: multipart/alternative;\r\n boundary=\"");
        buf_add(out, m->boundary);
        buf_format(out, "\"%s%s", crlf, crlf);
        put_boundary(out, m->boundary, "");
        put_part(out, "plain", m->text);
        put_boundary(out, m->boundary, "");
        put_part(out, "html", m->html);
        put_boundary(out, m->boundary, "--");
    }
    return buf_status(out) == ST_OK ? ST_OK : err_set(err, ST_TOO_BIG, "the mail is too large");
}
