/* kit.h: what the files of the vendors are made of: bodies, authorization, and what an HTTP status, a
 * Retry-After or a rate header says when the vendor's documentation has nothing special about it.
 *
 * Thread: any.  Ownership: results live in the arena given, or are borrowed from the answer. */
#ifndef ORQ_DRIVER_PROVIDER_KIT_H
#define ORQ_DRIVER_PROVIDER_KIT_H

#include "port/provider.h"
#include "proto/json.h"

/* ---- building ---- */

void kit_open(Buf *body); /* an empty body with the ceiling of one request */
/* Moves a finished body into the request, with its Content-Type; frees the Buf, whatever comes. */
Status kit_body(Buf *body, Str content_type, Arena *arena, ProviderRequest *request,
                Err *err) MUST_USE;
void kit_json_member(Buf *body, Str opening,
                     Str text); /* opening: "{\"to\":", then a JSON string */
/* `opening`, then the message's own headers as an object; nothing at all when it has none. */
void kit_json_headers(Buf *body, Str opening, const Message *message);
void kit_form_add(Buf *body, Str name, Str value); /* application/x-www-form-urlencoded */

Str kit_bearer(Str token, Arena *arena);             /* "Bearer <token>" */
Str kit_basic(Str user, Str password, Arena *arena); /* "Basic <base64>" */
Str kit_concat(Arena *arena, Str a, Str b, Str c);   /* {NULL,0} when the arena is full */

/* "Ada Lovelace" <ada@example.com>, or the bare address without a name. */
Str kit_mailbox(Str name, Str address, Arena *arena);

/* ---- reading ---- */

Str kit_one_line(Str text, Arena *arena); /* at most 200 bytes; controls become spaces */
Str kit_header_text(const ProviderAnswer *answer, Str name, Arena *arena); /* as kit_json_text */
bool kit_json(const ProviderAnswer *answer, Arena *arena, Json *ret_json);
/* A member that is a string, at most 200 bytes on one line; "" when absent. */
Str kit_json_text(const Json *json, JsonRef object, Str name, Arena *arena);

/* The class an HTTP status has by itself: 2xx OK; 408, 425 RETRY; 429 RETRY_AFTER; 401, 403, 404, 405 and
 * 3xx CONFIGURATION; 5xx RETRY (503 with a Retry-After: RETRY_AFTER); the rest PERMANENT. Sets the
 * cause ("Resend answered 422: <detail>"), the time to wait and the pace, too. */
void kit_outcome(const ProviderAnswer *answer, Str vendor, Str detail, Arena *arena,
                 Outcome *ret_outcome);
/* "Resend answered 422: <detail>" alone. */
Str kit_cause(const ProviderAnswer *answer, Str vendor, Str detail, Arena *arena);

/* Retry-After as seconds or a date (RFC 9110 10.2.3), in ms from now; 0: none, or nonsense. */
uint32_t kit_retry_after_ms(const ProviderAnswer *answer);
/* RateLimit-Limit, -Remaining, -Reset, with or without X-; resets in seconds or in Unix seconds. */
Pace kit_pace(const ProviderAnswer *answer);

#endif
