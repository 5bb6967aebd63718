/* http_conn.h: one HTTP connection, shared by http_conn.c (reading), respond.c (answering) and server.c.
 *
 *   IDLE --first byte--> READING --complete--> IN HAND --answered--> IDLE | LINGER --> closed
 *
 * One request is in hand at a time; what a pipelining client sends meanwhile waits in `pending`, up to
 * HTTP_PIPELINE_BYTES_MAX, then we stop reading.
 *
 * Thread: the lane's loop. */
#ifndef ORQ_APP_HTTP_HTTP_CONN_H
#define ORQ_APP_HTTP_HTTP_CONN_H

#include "app/http/server.h"

struct HttpServer {
    Lane *lane;
    List conns;
    bool draining;
    int64_t date_s; /* second of the cached Date header */
    char date[30];
};

typedef struct HttpConn {
    Conn *conn;
    HttpServer *server;
    HttpParser *parser; /* NULL until the first byte */
    Request *rq;        /* being read or in hand; NULL when idle */
    Buf body;
    Buf pending; /* read ahead while a request is in hand */
    Buf out;     /* answer bytes the kernel did not take yet */
    Timer timer;
    ListNode node; /* in server->conns */
    uint64_t body_started_ms;
    bool in_hand;    /* dispatched and not answered */
    bool processing; /* http_conn_process is on the stack */
    bool last;       /* close after this answer */
    bool lingering;  /* answered, write side shut: waiting for the peer to hang up */
    bool upgraded;
} HttpConn;

void http_conn_send(HttpConn *hc, Str bytes);
void http_conn_answered(HttpConn *hc); /* respond.c: the answer of hc->rq is on its way */
void http_conn_close(HttpConn *hc);
void request_free(Request *rq);

#endif
