/* tls.h: the server's certificate and the rules of every TLS connection.
 *
 * TLS 1.3, and 1.2 with ECDHE and AEAD ciphers only; no compression, no renegotiation, no early data.
 * A session may be resumed by ticket (tls_tickets.h). ALPN agrees to http/1.1.
 *
 * The certificate may change while connections live: new ones get the new one, the others keep what
 * they shook hands with. A pair of files that is not good changes nothing.
 *
 * Thread: tls_session from any loop; the rest from one thread, which opens, watches and frees.
 * Errors: ST_INVALID with a sentence that names the setting and the file. */
#ifndef ORQ_NET_TLS_H
#define ORQ_NET_TLS_H

#include "base/status.h"

typedef struct Tls Tls;

/* Both files are PEM: the certificate with its chain behind it, and its key without a passphrase.
 * Refused: unreadable, not PEM, not belonging together, expired or not valid yet. */
Status tls_open(Str cert_path, Str key_path, Tls **ret_tls, Err *err) MUST_USE;
void tls_free(Tls *tls); /* NULL is fine; connections keep what they need */

/* Is one of the files another than when it was last looked at, by tls_open or tls_reload? */
bool tls_files_changed(const Tls *tls);
/* Reads them again. Failing, the certificate in use stays in use. */
Status tls_reload(Tls *tls, Err *err) MUST_USE;
/* When the certificate in use expires, Unix seconds. */
int64_t tls_expires_s(Tls *tls);

/* A server's end of a new session, for conn_tls.c; NULL when memory is gone. */
struct ssl_st;
struct ssl_st *tls_session(Tls *tls);

#endif
