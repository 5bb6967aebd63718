/* http.h: one call to another HTTP server, asynchronous, guarded.
 *
 *   loop:  http_start(client, &call)  ->  returns; later, on the same loop, exactly once: call.done(&call)
 *
 * What a client promises: only addresses that the outbound policy allows are connected to (the address
 * checked is the address connected to), redirects are answers like any other, the environment's proxies
 * are ignored, certificates are verified, nothing longer than answer_max is kept.
 *
 * `sent` is for those who must not do a thing twice: after a failure with sent == false the other side
 * cannot have had the whole request; with true nobody knows. A POST is never sent a second time by
 * itself, on no connection.
 *
 * Thread: the loop's.  Ownership: a call and all it borrows belong to the client from start to done
 * (or to http_cancel); its results are the caller's, who ends them with http_call_done. */
#ifndef ORQ_PORT_HTTP_H
#define ORQ_PORT_HTTP_H

#include "base/buf.h"
#include "base/limits.h"

typedef struct HttpCall HttpCall;
typedef struct HttpClient HttpClient;

struct HttpCall {
    Str method; /* "GET", "POST", ... */
    Str url;
    const Str *headers; /* "Name: value" */
    uint32_t header_count;
    Str body;            /* {NULL,0}: none */
    uint32_t timeout_ms; /* from start to the last byte */
    size_t answer_max;   /* bytes of body; 0: HTTP_ANSWER_MAX */
    void (*done)(HttpCall *call);
    void *ctx; /* the caller's own */

    /* Results. ST_OK: there is an answer, whatever its status. ST_TOO_BIG: there is one, but its body
     * goes on beyond answer_max (ret_body holds the beginning). ST_INVALID: the call itself is wrong;
     * ST_FORBIDDEN: the policy refuses the address; ST_UNAVAILABLE: no answer, or half of one. */
    Status st;
    Err err;
    int ret_status; /* 0 without an answer */
    bool sent;
    Buf ret_head; /* header lines as they came, each ended by CRLF */
    Buf ret_body;
    void *_transfer; /* the driver's, while the call runs */
};

/* The value of a header of the answer, without spaces around it; {NULL,0} when absent. */
Str http_call_header(const HttpCall *call, Str name);
/* Frees results; the call can be filled and started again. Fine on a zeroed one. */
void http_call_done(HttpCall *call);

/* What a driver fills in; the functions below go through it. */
typedef struct HttpOps {
    void (*start)(HttpClient *client, HttpCall *call);
    void (*cancel)(HttpClient *client, HttpCall *call);
    void (*free)(HttpClient *client);
} HttpOps;
struct HttpClient {
    const HttpOps *ops;
};

static inline void http_start(HttpClient *client, HttpCall *call)
{
    client->ops->start(client, call);
}
/* `done` does not come any more; fine for a call that does not run. */
static inline void http_cancel(HttpClient *client, HttpCall *call)
{
    client->ops->cancel(client, call);
}
/* Cancels what runs. Not from inside a `done`. NULL is fine. */
static inline void http_client_free(HttpClient *client)
{
    if (client) client->ops->free(client);
}

#endif
