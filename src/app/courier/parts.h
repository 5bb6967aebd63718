/* parts.h: the courier from inside; private to this folder.
 *
 *   lines.c    which (tenant, channel) have something due: ready ones in a ring, others on timers
 *   turn.c     one store job at a time: settle what came back, claim what fits
 *   sending.c  one claimed delivery: its message, its provider, its call, its verdict
 *   inbox.c    what other threads say
 *   trial.c    a test send, past all of this
 *   scan.c     what the store held before we came
 *   courier.c  the thread, from start to drain
 *
 * Invariants
 * 1. A claimed delivery is a Sending from the turn that claimed it to the turn that settles it. There are
 *    never more than COURIER_IN_FLIGHT_MAX of them: that many a crash leaves uncertain (P6).
 * 2. No line claims more than half of what is free, nor more than its provider takes now: who comes later
 *    finds room, and nobody's dead provider holds the others up.
 * 3. Of one (tenant, channel, user) at most one first attempt is on its way; the next waits in its chain, in
 *    the order in which their events were accepted (P9).
 *
 * Thread: the courier's loop, but for inbox.c and the inside of a turn's job. */
#ifndef ORQ_APP_COURIER_PARTS_H
#define ORQ_APP_COURIER_PARTS_H

#include <uv.h>

#include "app/courier/courier.h"
#include "base/list.h"
#include "base/map.h"
#include "domain/catalog/provider_store.h"
#include "domain/deliver/pacer.h"
#include "domain/deliver/verdict.h"
#include "net/loop.h"

enum { TURN_LINES_MAX = 32, TRIES_MAX = 8 };

typedef struct Claims Claims;
typedef struct Sending Sending;

/* ---- lines.c ---- */

typedef enum LineState {
    LINE_WAITING, /* for its timer, a wake-up, or a call of its own to return */
    LINE_READY,   /* in the ring */
    LINE_ASKED    /* the turn under way claims from it */
} LineState;

typedef struct Line {
    LineKey key;
    LineState state;
    bool woken;       /* while ASKED: something new came */
    bool parked;      /* its tenant is suspended: waits for another snapshot */
    bool full;        /* no room at its providers: looked at again when a call returns */
    uint32_t held;    /* Sendings */
    uint32_t waiting; /* of them, not yet with a provider */
    Timer timer;
    ListNode node; /* in the ring */
    Courier *courier;
} Line;

Line *line_get(Courier *c, LineKey key); /* made when it is new; NULL at the ceiling */
void line_ready(Line *line);
void line_due(Line *line, int64_t due_ms);          /* wall clock; INT64_MAX: nothing waits */
void line_look_again(Line *line, uint64_t mono_ms); /* PACER_WHEN_ONE_RETURNS: then */
void line_returned(Line *line);                     /* a call of it came back */
void line_forget(Line *line);                       /* if nothing is left to remember */
void lines_look_again(Courier *c);                  /* there are other tenants and providers now */
void lines_free(Courier *c);

/* ---- sending.c ---- */

typedef struct ProviderState { /* what is learned about one, while it stays as it is configured */
    Uuid id;
    int64_t updated_ms;
    Pacer pacer;
    uint64_t used_ms; /* monotonic */
} ProviderState;

typedef struct ChainKey {
    uint32_t tenant_no, channel;
    int64_t user_no;
} ChainKey;

typedef struct Chain { /* first attempts to one user; its head is on its way */
    ChainKey key;
    List waiting;
} Chain;

struct Sending {
    Courier *courier;
    Claims *claims; /* lends the claimed strings and the snapshot */
    Line *line;
    Chain *chain; /* NULL: no first attempt, or that is over */
    ListNode node;
    Claimed claimed;
    Arena arena;
    const Tenant *tenant;
    bool rendered, at_most_once, is_waiting;
    Message message;
    ProviderHeader headers[2]; /* message.headers */
    /* the call at hand */
    ProviderState *provider;
    const ProviderKind *kind;
    uint32_t next_provider; /* index where the search goes on */
    Credentials credentials;
    ProviderRequest request;
    CarrierCall call;
    int64_t started_ms;
    /* what became of it */
    AttemptRow attempts[TRIES_MAX];
    Settled settled;
    Suppression suppression; /* settled.suppression, if that is set */
};

void sending_start(Courier *c, Claims *claims, Line *line, const Claimed *claimed);
void sendings_begin(Courier *c);           /* those whose turn it is in their chain */
void sending_free(Sending *s);             /* settled */
void sendings_release_waiting(Courier *c); /* at the drain: those that have not begun */
/* Calls of this line that may begin now; 0: *ret_when_ms says when to look again. */
uint32_t line_room(Courier *c, const Line *line, const Tenant *tenant, uint64_t *ret_when_ms);
void providers_free(Courier *c);
/* What build() leaves open. */
void request_finish(ProviderRequest *request, Str base_url, const ProviderKind *kind);
/* What an answer, or none, means; its cause without secrets. */
void outcome_read(const ProviderKind *kind, const Credentials *credentials, const Message *message,
                  const ProviderAnswer *answer, Arena *arena, Outcome *ret_outcome);

/* ---- turn.c ---- */

struct Claims { /* what one turn claimed, as long as one of it is in hand */
    uint32_t refs;
    Arena arena;
    Snapshot *snapshot;
};

typedef struct Turn {
    StoreJob job;
    Mail mail;
    Claims *claims;
    ClaimRequest request;
    LineClaim lines[TURN_LINES_MAX];
    Line *line_of[TURN_LINES_MAX];
    Claimed claimed[COURIER_IN_FLIGHT_MAX];
    Settled settled[COURIER_IN_FLIGHT_MAX];
    Sending *settling[COURIER_IN_FLIGHT_MAX];
    uint32_t settled_count;
} Turn; /* one, used again and again: there is one turn at a time */

void turn_soon(Courier *c);
void claims_unref(Claims *claims);

/* ---- inbox.c ---- */

typedef struct Inbox { /* locked for a few instructions at a time */
    uv_mutex_t lock;
    LineKey wakes[1024];
    uint32_t wake_count;
    bool overflowed;  /* more than fit: every line is looked at again */
    Snapshot *newest; /* NULL: nothing new */
    bool drain, posted;
    Mail mail;
} Inbox;

void inbox_init(Courier *c);
void inbox_done(Courier *c);

/* ---- scan.c ---- */

typedef struct Scan { /* at start, and when wake-ups were lost: which lines wait, all of them */
    StoreJob job;
    Mail mail;
    Timer timer;
    int64_t now_ms;
    bool out;            /* its job is with the store */
    bool running, again; /* again: asked for while running */
    bool recovering;     /* first of all: what a predecessor had claimed */
    Recovered recovered, recovered_all;
    LineKey after;
    WaitingLine lines[QUEUE_LINES_PAGE];
    uint32_t count;
} Scan;

void scan_start(Courier *c); /* recovers, then scans */
void scan_lines(Courier *c);

/* ---- courier.c ---- */

struct Courier {
    App *app;
    Loop *loop;
    Carrier *carrier;
    const ProviderKinds *kinds;
    int64_t claim; /* our number */
    RetryPlan plan;
    uint32_t timeout_ms, pause_max_ms;
    Snapshot *snapshot;
    Inbox inbox;
    /* lines */
    Map lines;
    List ready;
    uint32_t ready_count;
    /* sendings */
    Map chains, providers;
    uint32_t in_hand; /* Sendings, claimed but not settled */
    uint32_t on_wire; /* calls under way, trials included */
    uint32_t trials;
    List starting; /* Sendings whose chain has reached them */
    List answered; /* Sendings to settle */
    /* turns */
    Turn turn;
    Task task;
    bool turn_out;
    bool small;   /* the last claim did not fit into memory: one at a time */
    Timer pause;  /* the store takes no calls */
    bool failing; /* said once */
    Scan scan;
    bool started; /* nothing is left of a predecessor: claims may begin */
    bool draining, cut, ended;
    Timer drain_timer;
    uint64_t drain_until_ms;
};

void courier_begin_end(Courier *c); /* the drain */
void courier_check_end(Courier *c); /* while draining: ends the loop when all is home */

#endif
