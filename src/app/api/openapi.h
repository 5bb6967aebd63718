/* openapi.h: the OpenAPI 3.1 document, made from the route table the server itself uses.
 *
 * Thread: any. */
#ifndef ORQ_APP_API_OPENAPI_H
#define ORQ_APP_API_OPENAPI_H

#include "base/buf.h"

void openapi_write(Buf *out);
/* The first route that api.def does not describe, or the first line of api.def without a route; {NULL,0}:
 * both tables agree. For the tests. */
Str openapi_missing(void);

extern const char openapi_components[]; /* openapi.json, embedded */

#endif
