/* server.h: HTTP on one lane: accepts, reads requests, hands them to their handlers.
 *
 * Thread: the lane's loop. */
#ifndef ORQ_APP_HTTP_SERVER_H
#define ORQ_APP_HTTP_SERVER_H

#include "app/http/request.h"
#include "net/conn.h"
#include "net/listen.h"

typedef struct HttpServer HttpServer;

HttpServer *http_server_new(Lane *lane);
void http_server_free(HttpServer *s);           /* all connections are gone */
void http_server_accept(Conn *c, void *server); /* ListenOptions.on_accept */
void http_server_refuse(int fd, Refusal why);   /* ListenOptions.refuse */
void http_server_refuse_plain(int fd);          /* ListenOptions.refuse_plain */
/* Closes idle connections and every other one after its answer. */
void http_server_drain(HttpServer *s);
bool http_server_is_empty(const HttpServer *s);
void http_server_close_all(HttpServer *s); /* the drain took too long */

/* For an upgrade, inside the handler: the connection is the caller's from here (it sets events and
 * owner); bytes that came behind the request reach its on_read. The request ends without an answer. */
Conn *http_take_over(Request *rq, int status);

#endif
