/* client.h: one connection of the centrifuge dialect, in any encoding and on any transport (wire_format.h),
 * from its first command to its end.
 *
 *   NEW --connect ok--> CONNECTED --close--> CLOSED         NEW --token expired--> REFUSED (reply 109;
 *    '--bad command, no token, late--> CLOSED                any further command closes with 3501)
 *
 * Pure towards the transport: whole messages in, frames out through the Writer, and one point in time
 * at which client_on_time wants to be called (ops->arm). Which channels it may have: channel.h.
 *
 * Thread: one loop.  Ownership: embedded in the transport's connection. */
#ifndef ORQ_DOMAIN_REALTIME_CLIENT_H
#define ORQ_DOMAIN_REALTIME_CLIENT_H

#include <stdatomic.h>

#include "domain/realtime/grant.h"
#include "domain/realtime/hub.h"
#include "domain/tenant/tenant.h"
#include "proto/centrifuge.h"
#include "proto/jwt.h"

typedef struct RealtimeSettings {
    int64_t ping_interval_ms, pong_timeout_ms, connect_timeout_ms, expired_close_delay_ms;
} RealtimeSettings;

typedef struct Realtime { /* what all clients of a loop share */
    Hub *hub;
    Backlog *backlog;              /* who waits for its socket (backlog.h); NULL: nobody watches */
    const struct CallOps *calls;   /* the way to the store and to other loops (call.h) */
    atomic_uint *people_listeners; /* of all loops: who hears of joins (subscription.h) */
    JwtKey *token_key;
    Snapshot *const *snapshot; /* the loop's current one */
    const int64_t *now_ms;     /* the loop's wall clock */
    struct Crowd *crowd;       /* shared by all loops (crowd.h); NULL: no limit */
    Random *random;
    void (*want_keys)(void *ctx, uint32_t tenant_no); /* grant.h; may be NULL */
    void *want_ctx;
    RealtimeSettings settings;
    bool allows_delta;         /* publications may be sent as deltas to who asks for it */
    int64_t workspace_idle_ms; /* how long a workspace's socket may be silent */
    Buf replies;               /* scratch of one incoming message */
} Realtime;

static inline GrantSources realtime_grants(const Realtime *r)
{
    return (GrantSources){r->token_key, *r->snapshot, *r->now_ms, r->want_keys, r->want_ctx};
}

typedef struct Client Client;

typedef struct ClientOps {
    WriterOps writer;
    void (*arm)(Client *c, int64_t at_ms); /* call client_on_time then (replaces the last one) */
    void (*close)(Client *c, uint16_t code, Str reason); /* send a close frame behind all replies */
    /* Adds session and node to the connect reply, valid until the next call. NULL: a transport without. */
    void (*session)(Client *c, CfSession *session);
} ClientOps;

typedef enum ClientState {
    CLIENT_NEW,
    CLIENT_REFUSED,
    CLIENT_CONNECTED,
    CLIENT_CLOSED
} ClientState;

struct Client {
    Writer writer; /* first: the transport finds itself from it */
    Realtime *realtime;
    const ClientOps *ops;
    const Tenant *tenant;       /* referenced; NULL before connect. Refreshed with the token */
    const Tenant *hint;         /* referenced; whom the connection's address names, or NULL */
    char *user;                 /* on the heap, and behind it the JSON others see of it */
    struct CrowdMember *member; /* NULL without a limit */
    int64_t expires_ms;
    int64_t opened_ms;
    int64_t next_ping_ms, pong_due_ms; /* 0: none */
    List waiters;                      /* commands that wait for the store (call.h) */
    Uuid id;
    uint32_t
        first_expiry_s; /* of its subscriptions (subscription.h); 0: none ends before it does */
    uint16_t info_len;  /* of its token's `info`, behind the user */
    uint8_t user_len;
    uint8_t state; /* ClientState */
    uint8_t channel_count;
    uint8_t waiter_count;
    bool awaits_pong;
};

void client_init(Client *c, Realtime *realtime, const ClientOps *ops, WireFormat format);
void client_done(Client *c); /* the transport is gone: leaves its channels, frees what it holds */

void client_on_message(Client *c, Str message); /* one text or binary message, whole */
void client_on_time(Client *c);
/* The server ends it (shutdown, slow): leaves its channels, then close. Nothing when closed. */
void client_close(Client *c, CfClose code);

/* The server ends one subscription; the client is told. Nothing without one. */
void client_unsubscribe(Client *c, Str channel, CfUnsubscribe code);

#endif
