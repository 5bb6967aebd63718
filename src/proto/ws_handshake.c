/* The opening handshake: checked in the order of RFC 6455 4.2.1, then the key is answered.
 *
 * SHA-1 is the protocol's choice: it proves that a WebSocket server read the key, it protects
 * nothing. */
#include "proto/ws_handshake.h"

#include <openssl/evp.h>

#include "base/base64.h"

enum { KEY_BYTES = 16, KEY_LEN = BASE64_LEN(KEY_BYTES), SHA1_BYTES = 20 };

_Static_assert(WS_ACCEPT_LEN == BASE64_LEN(SHA1_BYTES), "the answer is a SHA-1 in base64");

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 1.3 */

/* The only header of that name; {NULL,0} when there is none or more than one. */
static Str only_header(const HttpHead *head, Str name)
{
    Str value = {0};
    for (uint32_t i = 0; i < head->header_count; i++) {
        if (!str_eq_nocase(head->headers[i].name, name)) continue;
        if (value.at) return (Str){0};
        value = head->headers[i].value;
    }
    return value;
}

static bool key_is_valid(Str key)
{
    uint8_t bytes[KEY_LEN * 3 / 4];
    size_t len = 0;
    return key.len == KEY_LEN && base64_decode(key, bytes, &len) && len == KEY_BYTES;
}

static Status accept_compute(Str key, char ret_accept[WS_ACCEPT_LEN], Err *err)
{
    char text[KEY_LEN + sizeof GUID - 1];
    uint8_t sha1[SHA1_BYTES];
    memcpy(text, key.at, KEY_LEN);
    memcpy(text + KEY_LEN, GUID, sizeof GUID - 1);
    if (!EVP_Digest(text, sizeof text, sha1, NULL, EVP_sha1(), NULL))
        return err_set(err, ST_INTERNAL, "SHA-1 is not available in this OpenSSL");
    base64_encode(sha1, sizeof sha1, ret_accept);
    return ST_OK;
}

Status ws_handshake_check(const HttpHead *head, char ret_accept[WS_ACCEPT_LEN], Err *err)
{
    if (head->method != METHOD_GET || head->minor_version != 1)
        return err_set(err, ST_INVALID, "A WebSocket opens with GET in HTTP/1.1.");
    if (!http_header_lists(head, S("Upgrade"), S("websocket")))
        return err_set(err, ST_INVALID, "The header 'Upgrade: websocket' is missing.");
    if (!http_header_lists(head, S("Connection"), S("upgrade")))
        return err_set(err, ST_INVALID, "The header 'Connection: Upgrade' is missing.");
    if (head->has_body) return err_set(err, ST_INVALID, "A WebSocket handshake has no body.");
    Str key = only_header(head, S("Sec-WebSocket-Key"));
    if (!key_is_valid(key))
        return err_set(err, ST_INVALID,
                       "Sec-WebSocket-Key must be there once: 16 bytes in base64.");
    if (!str_eq(only_header(head, S("Sec-WebSocket-Version")), S("13")))
        return err_set(err, ST_CONFLICT, "Sec-WebSocket-Version must be 13.");
    return accept_compute(key, ret_accept, err);
}

/* Subprotocol names are compared as they are: the client looks for the very name it offered. */
bool ws_protocol_offered(const HttpHead *head, Str name)
{
    for (uint32_t i = 0; i < head->header_count && name.len; i++) {
        if (!str_eq_nocase(head->headers[i].name, S("Sec-WebSocket-Protocol"))) continue;
        Str list = head->headers[i].value;
        while (list.at)
            if (str_eq(str_trim(str_cut(&list, ',')), name)) return true;
    }
    return false;
}
