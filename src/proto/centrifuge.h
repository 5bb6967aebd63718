/* centrifuge.h: the centrifuge client protocol v2 as a pure function: commands in, replies out.
 *
 * A Command is the same whatever the encoding; centrifuge_json.c reads and writes JSON, one command or
 * reply a line. Only what a server must know is kept of a command; unknown fields are ignored, as
 * clients already send some.
 *
 * Thread: none of its own.  Ownership: strings live in the frame or in the arena.
 * Errors: ST_INVALID for anything that is no command (the connection then closes with 3501). */
#ifndef ORQ_PROTO_CENTRIFUGE_H
#define ORQ_PROTO_CENTRIFUGE_H

#include "proto/json.h"

typedef enum CfError {
#define CF_ERROR(name, code, message, temporary) name = code,
#include "proto/centrifuge.def"
#undef CF_ERROR
} CfError;

typedef enum CfClose {
#define CF_CLOSE(name, code, reason) name = code,
#include "proto/centrifuge.def"
#undef CF_CLOSE
} CfClose;

Str cf_close_reason(CfClose code);

typedef enum CfMethod { /* in the order in which the first present field decides */
                        CF_CONNECT,
                        CF_PING,
                        CF_SUBSCRIBE,
                        CF_UNSUBSCRIBE,
                        CF_PUBLISH,
                        CF_PRESENCE,
                        CF_PRESENCE_STATS,
                        CF_HISTORY,
                        CF_RPC,
                        CF_SEND,
                        CF_REFRESH,
                        CF_SUB_REFRESH,
                        CF_METHOD_COUNT,
                        CF_EMPTY = CF_METHOD_COUNT /* no request field: a pong when id is 0 */
} CfMethod;

typedef struct CfCommand {
    uint32_t id; /* 0 when absent */
    CfMethod method;
    Str channel;  /* "" when absent */
    Str token;    /* "" when absent */
    Str delta;    /* subscribe; "" when absent */
    int64_t type; /* subscribe: 0 is a plain stream */
} CfCommand;

Status cf_json_read(Str line, Arena *arena, CfCommand *ret_command, Err *err) MUST_USE;

typedef struct CfSession { /* what a client learns about its connection */
    Str client;            /* its id */
    Str version;           /* ours */
    int64_t ttl_s;         /* until the token must be refreshed; >= 1 */
    int64_t ping_s;        /* 0: no pings */
} CfSession;

/* Each appends one reply without its separator. */
void cf_json_error(Buf *out, uint32_t id, CfError error);
void cf_json_connect(Buf *out, uint32_t id, const CfSession *session);
void cf_json_refresh(Buf *out, uint32_t id, const CfSession *session);
void cf_json_empty(Buf *out, uint32_t id, CfMethod method); /* {"id":2,"subscribe":{}} */
void cf_json_publication(Buf *out, Str channel, Str data);  /* data is JSON without newlines */

#endif
