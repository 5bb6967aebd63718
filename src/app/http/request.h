/* request.h: one HTTP request in hand, and how to answer it.
 *
 * A handler is called with a complete request (body included) and answers exactly once, now or later:
 * respond() or one of its kin. Everything it allocates goes into rq->arena, which lives until the
 * answer is out. A request that goes to the store travels as an Errand (errand.h); when the client
 * is gone by then, the answer is dropped quietly.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_HTTP_REQUEST_H
#define ORQ_APP_HTTP_REQUEST_H

#include "app/lane.h"
#include "domain/intake/trigger.h"
#include "proto/http1.h"

typedef struct Request Request;
typedef struct Route Route;
typedef void (*Handler)(Request *rq);

enum { REQUEST_PARAMS_MAX = 4, RESPONSE_HEADERS_MAX = 16 };

struct Request {
    Lane *lane;
    Arena arena;
    const HttpHead *head;
    Str path;                       /* raw */
    Str query;                      /* raw, without '?' */
    Str params[REQUEST_PARAMS_MAX]; /* the {…} of the route in order, percent-decoded */
    Str body;
    const Route *route;
    Snapshot *snapshot; /* held for the request's life */
    /* Who asks; which of these is set follows from the route's guard (routes.def). */
    const Tenant *tenant;          /* API key, or the tenant of a realtime token */
    Str token_user;                /* of a bearer token: its user; else {NULL,0} */
    const struct Session *session; /* GUARD_SESSION, _ADMIN, _OPERATOR */
    uint32_t counted;     /* limit.h: events that were admitted; an error answer gives them back */
    uint32_t counted_day; /* in which UTC day */
    uint64_t started_mono_ms;
    uint64_t started_ns;                       /* monotonic, of the first byte */
    struct HttpConn *_conn;                    /* NULL when it is gone */
    HttpHeader _headers[RESPONSE_HEADERS_MAX]; /* of the answer */
    uint8_t _header_count;
    bool _answered_unknown; /* respond_unknown was first */
    int _status;            /* answered with; 0 = not yet */
};

/* First header of that name, or {NULL,0}. */
static inline Str request_header(const Request *rq, Str name)
{
    return http_header(rq->head, name);
}
/* Query parameter, decoded; false when absent or broken. */
bool request_query(Request *rq, Str name, Str *ret_value);
/* The body as JSON; on failure answers 422 with the parser's sentence and returns false. */
bool request_json(Request *rq, Json *ret_json);
size_t request_peer(const Request *rq, char *ret, size_t room); /* the client's address as text */

/* Adds a header to the answer to come; name and value are borrowed until it is sent. */
void respond_header(Request *rq, Str name, Str value);
/* Exactly one of these ends the request: when it returns, rq and all that lived in its arena are gone.
 * The body is copied. */
void respond(Request *rq, int status, Str content_type, Str body);
void respond_json(Request *rq, int status, Str json);
/* The seeds' envelope {"statusCode","message","error"}; error is the status's name. */
void respond_error(Request *rq, int status, Str message);
/* {"detail":...}: an error as clients of the expiry dialect know it (EXW-05). */
void respond_detail(Request *rq, int status, Str detail);
/* 422 as the seeds show it: body statusCode 400, message an array, error "Bad Request" (KIT-15). */
void respond_problems(Request *rq, const Problems *problems);
/* Translates a Status at the border: one exhaustive switch. err may be NULL. */
void respond_status(Request *rq, Status st, const Err *err);

/* For a request that is still away on its errand: tells the client 500, outcome unknown, and parts it
 * from its connection, which is free for the next request. The request itself lives on until its
 * handler answers; that answer goes nowhere. Nothing happens when the client has gone. */
void respond_unknown(Request *rq);

/* 200 and an endless body: the head is sent, the connection is the caller's as after http_take_over, and
 * what it writes must be HTTP chunks. */
struct Conn *respond_stream(Request *rq, Str content_type);

/* {"success":true,"data":<json>} */
void respond_data(Request *rq, int status, Str data_json);

#endif
