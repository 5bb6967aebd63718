/* mime.h: one e-mail as bytes for SMTP: headers and one text, or a text and its HTML as alternatives (RFC 5322,
 * 2045, 2046, 2047).
 *
 * Whatever the content, the result is lines of at most 998 bytes ended by CRLF, without a bare CR, LF or NUL
 * (threat 19): bodies are quoted-printable, so line ends of every kind become CRLF and everything else is
 * escaped; header texts beyond ASCII become encoded words and are folded. A CR, LF or NUL in a header is
 * refused, not repaired. Dot-stuffing is the transport's.
 *
 * Thread: none of its own.  Errors: ST_INVALID names the header; ST_TOO_BIG (arena). */
#ifndef ORQ_PROTO_MIME_H
#define ORQ_PROTO_MIME_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"

typedef struct MimeHeader {
    Str name, value; /* value: ASCII, or text that may be written as encoded words */
} MimeHeader;

typedef struct Mail {
    Str from, from_name; /* an address, and its name: "" for none */
    Str to;
    Str subject;
    Str message_id; /* without <>: id@domain */
    int64_t date_ms;
    Str text, html; /* UTF-8; html "" for plain text alone */
    Str boundary;   /* begins with "=_", which quoted-printable never holds (RFC 2045 6.7) */
    const MimeHeader *headers;
    size_t header_count;
} Mail;

/* Appends the whole mail. */
Status mime_write(const Mail *mail, Buf *out, Err *err) MUST_USE;

/* For themselves in tests and for others' headers. */
enum { MIME_DATE_LEN = 31 };
void mime_date(int64_t unix_ms,
               char ret[MIME_DATE_LEN]);         /* Sun, 06 Nov 1994 08:49:37 +0000; no NUL */
void mime_quoted_printable(Buf *out, Str text);  /* RFC 2045 6.7; ends with CRLF */
void mime_header(Buf *out, Str name, Str value); /* a whole line, folded; value is UTF-8 */

#endif
