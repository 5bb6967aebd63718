/* base64.h: RFC 4648, strict: no line breaks, no stray bits, padding exactly as the alphabet wants.
 *
 * Thread: none of its own.  Errors: decoders return false and leave the output undefined. */
#ifndef ORQ_BASE_BASE64_H
#define ORQ_BASE_BASE64_H

#include "base/buf.h"

#define BASE64_LEN(bytes)    (((bytes) + 2) / 3 * 4)
#define BASE64URL_LEN(bytes) (((bytes)*4 + 2) / 3)

size_t base64_encode(const uint8_t *bytes, size_t len, char *ret);    /* padded; no NUL */
size_t base64url_encode(const uint8_t *bytes, size_t len, char *ret); /* unpadded; no NUL */
/* ret has room for text.len * 3 / 4 bytes. */
bool base64_decode(Str text, uint8_t *ret, size_t *ret_len);
bool base64url_decode(Str text, uint8_t *ret, size_t *ret_len);

#endif
