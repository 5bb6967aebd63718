/* signature.h: the two signatures of others' webhooks that HMAC-SHA256 (base/hash.h) does not cover.
 *
 * Thread: any.  Nothing is kept between calls: webhooks are rare. */
#ifndef ORQ_PROTO_SIGNATURE_H
#define ORQ_PROTO_SIGNATURE_H

#include "base/str.h"

enum { SHA1_BYTES = 20 };

/* HMAC-SHA1 (RFC 2104), for Twilio, which signs with nothing better. */
void signature_hmac_sha1(Str key, Str text, uint8_t ret_sum[SHA1_BYTES]);

/* Does the DER-encoded ECDSA signature (P-256, SHA-256) fit text and key? The key is a DER
 * SubjectPublicKeyInfo; one of another kind or curve verifies nothing. */
bool signature_ecdsa_verifies(Str public_key, Str signature, Str text);

#endif
