/* centrifuge.h: the centrifuge client protocol v2 as pure functions: commands in, replies and pushes out.
 *
 * A command is the same whatever the encoding; a CfCodec reads and writes one of them:
 *
 *   cf_json       one command or reply a line, lines joined by '\n'            centrifuge_json*.c
 *   cf_protobuf   each behind its length, a varint                            centrifuge_pb*.c
 *
 * Only what a server must know is kept of a command; unknown fields are ignored, as clients already
 * send some. Zero values are left out of what is written, but for those the protocol always wants.
 *
 * Thread: none of its own.  Ownership: what is read lives in the frame or in the arena.
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

typedef enum CfUnsubscribe { /* below 2500 final, from there on the client subscribes again at once */
#define CF_UNSUBSCRIBE_CODE(name, code, reason) name = code,
#include "proto/centrifuge.def"
#undef CF_UNSUBSCRIBE_CODE
} CfUnsubscribe;

Str cf_close_reason(CfClose code);
Str cf_unsubscribe_reason(CfUnsubscribe code);
Str cf_error_message(CfError error, bool *ret_temporary);

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

Str cf_method_name(CfMethod method); /* "presence_stats" */

typedef struct CfPosition { /* a place in a channel's stream */
    uint64_t offset;
    Str epoch; /* "" when absent: any */
} CfPosition;

enum { CF_FLAG_REJECT_UNRECOVERED = 2 };

typedef struct CfCommand {
    uint32_t id; /* 0 when absent */
    CfMethod method;
    Str channel;      /* "" when absent, as the other strings */
    Str token;        /* connect, subscribe, refresh, sub_refresh */
    Str data;         /* publish, rpc, send, connect, subscribe: raw bytes (JSON: the value's span;
                       protobuf: any bytes, so whoever passes them on checks that they are JSON) */
    Str rpc_method;   /* rpc */
    Str name;         /* connect: the client's own, for people */
    Str delta;        /* subscribe */
    int64_t type;     /* subscribe, publish: 0 is a plain stream */
    int64_t flag;     /* subscribe: CF_FLAG_... */
    CfPosition since; /* subscribe with recover, history */
    bool has_since;   /* history: `since` was there */
    bool recover, recoverable, positioned, join_leave; /* subscribe */
    bool reverse;                                      /* history */
    int64_t limit;                                     /* history: 0 position only, -1 all */
} CfCommand;

typedef struct CfSession { /* what a client learns about its connection */
    Str client;            /* its id */
    Str version;           /* ours */
    Str session, node;     /* emulation transports alone; "" otherwise */
    int64_t ttl_s;         /* until the token must be refreshed; >= 1 */
    int64_t ping_s;        /* 0: no pings */
} CfSession;

typedef struct CfClientInfo {
    Str user, client;
    Str conn_info, chan_info; /* JSON; "" when there is none */
} CfClientInfo;

typedef struct CfPublication {
    Str data;                 /* JSON without newlines */
    uint64_t offset;          /* 0: the channel has no stream */
    Str epoch;                /* "" but for offset 1: who joined an empty stream learns it there */
    const CfClientInfo *info; /* NULL: published by the server */
    bool as_text; /* JSON: `data` goes as a string, as readers of deltas want all of them */
    bool delta;   /* `data` is a delta (fossil.h) from the publication before */
} CfPublication;

typedef struct CfSubscribed {
    int64_t ttl_s; /* until the subscription token must be refreshed; 0: it does not expire */
    bool recoverable, positioned, recovered, was_recovering, delta;
    CfPosition position;
    const CfPublication *publications;
    size_t publication_count;
    Str data; /* JSON; "" when there is none */
} CfSubscribed;

typedef struct CfOut { /* the messages of one transport frame */
    Buf *buf;
    size_t begin; /* where the first one starts in buf */
    Str between;  /* two of cf_json; {NULL,0}: a newline */
} CfOut;

/* How one encoding reads and writes. Writers append one message, delimited from those before it. */
typedef struct CfCodec {
    /* Cuts the next message off a frame that is not empty; false when the rest is none. */
    bool (*next)(Str *rest, Str *ret_message);
    Status (*read)(Str message, Arena *arena, CfCommand *ret_command, Err *err);

    void (*error)(CfOut *out, uint32_t id, CfError error);
    void (*connected)(CfOut *out, uint32_t id, const CfSession *session);
    void (*refreshed)(CfOut *out, uint32_t id, const CfSession *session);
    void (*subscribed)(CfOut *out, uint32_t id, const CfSubscribed *result);
    void (*sub_refreshed)(CfOut *out, uint32_t id, int64_t ttl_s);
    void (*empty)(CfOut *out, uint32_t id, CfMethod method); /* {"id":2,"publish":{}} */
    void (*presence)(CfOut *out, uint32_t id, const CfClientInfo *clients, size_t count);
    void (*presence_stats)(CfOut *out, uint32_t id, uint32_t clients, uint32_t users);
    void (*history)(CfOut *out, uint32_t id, const CfPublication *publications, size_t count,
                    const CfPosition *top);
    void (*rpc)(CfOut *out, uint32_t id, Str data);

    void (*push_publication)(CfOut *out, Str channel, const CfPublication *publication);
    void (*push_join)(CfOut *out, Str channel, const CfClientInfo *info);
    void (*push_leave)(CfOut *out, Str channel, const CfClientInfo *info);
    void (*push_unsubscribe)(CfOut *out, Str channel, CfUnsubscribe code);
    void (*push_disconnect)(CfOut *out, uint16_t code, Str reason); /* where no close code exists */
    void (*ping)(CfOut *out);
} CfCodec;

typedef struct CfEmulation { /* commands on their way to a stream (POST /emulation) */
    Str session, node;
    Str data; /* a frame of the stream's own encoding */
} CfEmulation;

extern const CfCodec cf_json;
extern const CfCodec cf_protobuf;

#endif
