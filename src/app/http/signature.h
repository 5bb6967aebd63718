/* signature.h: did whoever sent this body know the tenant's webhook secret?
 *
 * A tenant with a secret signs its triggers: X-Orqestra-Signature is the HMAC-SHA256 of the raw body
 * in lower-case hex (API-05, API-06). Without a secret the header is not looked at. While a secret is
 * being replaced, the one before it is good too, until the moment the operator chose.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_HTTP_SIGNATURE_H
#define ORQ_APP_HTTP_SIGNATURE_H

#include "app/http/request.h"

/* After the key has been checked (rq->tenant) and before the body is read as anything but bytes (E.8).
 * Answers 401 itself and returns false. */
bool signature_admit(Request *rq);

#endif
