/* call.h: a question of a client that is answered later, and the commands that wait for its answer. Three can
 * tell (CallWay): the store about streams, the recent windows about dialogues and rooms, and all loops together
 * about who is there.
 *
 *   command: call_new, fill in what is asked, call_wait, call_send   -------->     call_answered: `answer`
 *                                                                                 once for each waiter
 *
 * One call may have several waiters: the tabs of a user that come back together ask once. The client may
 * be gone when the answer comes, or may have taken its command back; the call then comes home all the same
 * and is freed. It belongs to the store until then, so it holds copies of all it needs.
 *
 * Whoever waits longer than CLIENT_ANSWER_MS is told that it failed: clients give up after 5 s, and then take
 * the whole connection down.
 *
 * Thread: one loop, but for what the store does with the StoreCall. */
#ifndef ORQ_DOMAIN_REALTIME_CALL_H
#define ORQ_DOMAIN_REALTIME_CALL_H

#include "domain/realtime/client.h"
#include "domain/realtime/presence.h"
#include "port/store.h"

typedef struct RealtimeCall RealtimeCall;
typedef struct Waiter Waiter;

struct Waiter {
    ListNode _of_client;
    ListNode _of_call;
    Client *client; /* NULL: it is gone */
    uint32_t id;    /* of the command; 0: it was taken back, and answered */
    uint64_t epoch; /* subscribe, history: the one asked for (channel.h) */
    /* of a subscribe: */
    uint64_t since;
    Reader *reader;  /* held; NULL otherwise */
    bool recover;    /* it wants what it missed */
    bool all_or_112; /* and rather an error than less */
};

typedef enum CallWay {
    CALL_STORE, /* a StoreCall */
    CALL_RECENT, /* a StreamCall whose channel is the whole name, answered from recent.h. It comes home after
                    all that was said before its moment has reached the loop's hub */
    CALL_PEOPLE /* `channel` of the stream: who listens to it, on all loops */
} CallWay;

struct RealtimeCall {
    union {
        StoreCall store; /* the head of each of these */
        FeedCall feed;
        MarkReadCall mark_read;
        MarkAllReadCall mark_all_read;
        UnreadCall unread;
        StreamCall stream;
    };
    Realtime *realtime;
    CallWay way;
    const CfClientInfo *
        *infos;      /* who published each item of the stream; NULL: the server all of them */
    Presence people; /* what CALL_PEOPLE found */
    List waiters;
    /* Replies to one waiter; not ST_OK: only `st` counts, the call may still be the store's. */
    void (*answer)(RealtimeCall *call, Waiter *w, Status st);
    Arena arena; /* for the store's results */
    uint8_t user_len;
    char text[USER_ID_MAX + CHANNEL_NAME_MAX]; /* the user, then the channel */
};

typedef struct CallOps {                       /* the way out of the loop (app/ws/ask.c) */
    RealtimeCall *(*make)(Realtime *realtime); /* zeroed */
    /* ST_OK: call_answered follows exactly once, later; call_expired may come before it. */
    Status (*send)(RealtimeCall *call);
    void (*drop)(RealtimeCall *call);
    /* Says it on every loop; keep: with a place of its own in the channel's recent stream. */
    void (*say)(Realtime *realtime, uint32_t tenant_no, Str channel, const Publication *p,
                bool keep);
} CallOps;

/* For the carrier. */
void call_answered(RealtimeCall *call); /* st is final; drops the call */
void call_expired(RealtimeCall *call);  /* its waiters are told; the call goes on without any */

/* For the commands. The call's `user_id` and `channel` are to be taken from these copies. */
RealtimeCall *call_new(const Client *c, Str channel, size_t arena_bytes_max,
                       void (*answer)(RealtimeCall *call, Waiter *w, Status st));
static inline Str call_user(const RealtimeCall *call)
{
    return str_make(call->text, call->user_len);
}

bool client_may_wait(const Client *c); /* false: too many wait already (error 111) */
Waiter *call_wait(RealtimeCall *call, Client *c, uint32_t id);
/* Not ST_OK: call and waiters are gone, and nobody was answered. */
Status call_send(RealtimeCall *call, StoreKind kind) MUST_USE;

/* The items behind `since`, at most RECOVERY_MAX; returns how many. */
size_t call_publications(const RealtimeCall *call, uint64_t since, bool as_text,
                         CfPublication *ret);

/* The common way of a command: sends the call for one waiter. NULL: not sent, and replied to. */
Waiter *client_ask(Client *c, uint32_t id, RealtimeCall *call, StoreKind kind, CfOut *out);

/* The client leaves: nobody waits any more. */
void waiters_forget(Client *c);
/* Who waits with that reader; NULL: nobody, it is subscribed. */
Waiter *waiter_of_reader(const Client *c, const Reader *reader);
void waiter_take_back(Waiter *w); /* it was answered otherwise; keeps its place in the count */

#endif
