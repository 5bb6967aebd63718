/* http_client.h: port/http.h on libcurl and one of our loops.
 *
 * Any number of clients, one a loop that needs one. HTTP/1.1, kept connections, User-Agent
 * "orqestra/VERSION". */
#ifndef ORQ_DRIVER_HTTP_HTTP_CLIENT_H
#define ORQ_DRIVER_HTTP_HTTP_CLIENT_H

#include "net/loop.h"
#include "net/outbound.h"
#include "port/http.h"

/* ca_file ("" or NULL: the system's authorities) is copied; the policy outlives the client. */
HttpClient *http_client_new(Loop *loop, const OutboundPolicy *policy, Str ca_file);

#endif
