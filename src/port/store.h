/* store.h: the promise of durability the domain relies on. SQLite and PostgreSQL keep it alike.
 *
 * A caller fills a call, submits it, and gets it back through `done` on a thread of the store, after
 * the commit (writes) or the read. Hot calls are typed; everything cold is a job: a function that
 * runs on the store's thread with a transaction and plain SQL in its hands, straight down.
 *
 *   loop:   store_submit(store, &call)  ->  ST_OK: taken, `done` follows exactly once, later
 *                                           ST_FULL, ST_UNAVAILABLE: not taken, `done` never comes
 *   store:  batch ... COMMIT + fsync ... call->done(call)      in commit order
 *
 * What arrived while one commit ran is the next one's batch (group commit): no timer, no added delay.
 * `done` must only hand the call home (mailbox_post): it runs between two commits.
 *
 * A disk that hangs holds the calls of its batch, and nobody can say what will become of them; whoever
 * comes later than STORE_STUCK_MS is refused at once with ST_UNAVAILABLE and knows: nothing happened.
 *
 * Money-losing defaults are refused. A failed commit or fsync answers every call of its batch with
 * ST_UNAVAILABLE and the driver reopens: nothing is answered ST_OK that is not on disk.
 *
 * Thread: store_submit from any.  Ownership: a call and all it points to belong to the store from
 * submit to done.  Tenants are numbered (`tenant_no`) inside the store; the number is the first
 * column of every key. */
#ifndef ORQ_PORT_STORE_H
#define ORQ_PORT_STORE_H

#include "base/arena.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/status.h"
#include "port/channel.h"

typedef struct Store Store;
typedef struct StoreTx StoreTx;
typedef struct StoreCall StoreCall;

typedef enum StoreKind {
    STORE_ACCEPT,        /* AcceptCall, writer */
    STORE_MARK_READ,     /* MarkReadCall, writer */
    STORE_FEED,          /* FeedCall, a reader */
    STORE_WRITE_JOB,     /* StoreJob, writer, inside the batch's transaction under a savepoint */
    STORE_READ_JOB,      /* StoreJob, a reader, inside a read transaction */
    STORE_MARK_ALL_READ, /* MarkAllReadCall, writer */
    STORE_UNREAD,        /* UnreadCall, a reader */
    STORE_STREAM         /* StreamCall, a reader */
} StoreKind;

struct StoreCall {
    StoreCall *_next;
    StoreKind kind;
    Status st; /* the result, when done */
    Err err;
    void (*done)(StoreCall *call);
};

/* ---- accept: one event with all that follows from it, in one transaction ---- */

typedef struct DeliveryPlan {
    Uuid id; /* ours, new with every plan; a provider may take it for its own idempotency key */
    Channel channel;
    DeliveryStatus status; /* PENDING (e-mail, SMS), SENT (push: published right after the commit),
                              FAILED with a cause */
    Str recipient;         /* address, number, or "" for PUSH */
    Str cause;             /* "" unless FAILED */
    Uuid template_id;      /* zero for platform templates */
    uint32_t template_version;
} DeliveryPlan;

typedef struct NotificationPlan { /* what a PUSH delivery puts into the user's feed */
    Uuid id;
    Str title, body;
    Str channel; /* "global_system#<user>": where it is published */
    Str data;    /* the publication's JSON object, complete */
    bool
        bridged; /* also told to the user's sockets of the workspace and the expiry dialect (E.11) */
    Str product_name, expiry_date; /* for the latter; "" when the variables name none */
} NotificationPlan;

/* Idempotency (RELIABILITY P7): whoever comes with the key of an accepted event, while that key lives, is
 * given the first answer and nothing else happens. The key is taken in the event's own transaction, so
 * it exists exactly if the event does. */
enum { EVENT_KEY_BYTES = 16 /* of a SHA-256 */ };

typedef struct EventKey {
    bool set; /* false: the event has none, and every repeat is another event */
    uint8_t hash[EVENT_KEY_BYTES];
    uint8_t body_hash[EVENT_KEY_BYTES]; /* tells a repeat from another body under the same key */
    int64_t expires_ms;                 /* free for another event from this moment on */
} EventKey;

typedef struct EventReplay { /* what the first one was told */
    bool is; /* nothing of this event was written: its key was taken; what follows is set */
    bool body_differs;
    Str event_id, answer; /* in the call's arena */
    int64_t send_at_ms;   /* not 0: the first one was scheduled for then */
} EventReplay;

/* An event that happens later is accepted twice. First it leaves nothing but its key and a row that waits, which
 * counts for its tenant's day. Then, planned anew, it is accepted as the one that fires that row: the row
 * goes and the event is written in one transaction, so it happens once, or was cancelled before. */
typedef struct EventSchedule {
    int64_t send_at_ms; /* not 0: wait until then; no deliveries are given */
    Str body; /* with send_at_ms: the trigger's JSON object, handed out again when it is due */
    int64_t fires_no; /* not 0: happens now, in place of this waiting row */
    /* results: nothing of the event was written, because */
    bool
        ret_refused; /* TENANT_SCHEDULED_MAX of the tenant's events wait already; the key stays free */
    bool ret_gone; /* the row it fires is not there any more */
} EventSchedule;

typedef struct EventPlan {
    uint32_t tenant_no;
    EventKey key;
    Str answer;   /* the sentence whoever asked is told, kept with the key; "" without one */
    Str event_id; /* the client's, or a UUID's text */
    Str event_type;
    Str user_id;
    Str trace_id;  /* "" when none */
    Str payload;   /* raw JSON object: routing identity */
    Str variables; /* raw JSON object, or "{}" */
    int64_t created_ms;
    DeliveryPlan deliveries[CHANNEL_COUNT];
    uint8_t delivery_count; /* 0: nothing matched; that too is recorded */
    bool has_notification;
    NotificationPlan notification;
    EventSchedule schedule;
    /* results */
    uint64_t ret_feed_seq;   /* position of the notification in the user's feed, from 1 */
    uint64_t ret_feed_epoch; /* of that feed; see StreamCall */
    EventReplay ret_replay;
} EventPlan;

/* After ST_OK: did the event happen, with all that follows from it? */
static inline bool event_happened(const EventPlan *e)
{
    return !e->ret_replay.is && !e->schedule.send_at_ms && !e->schedule.ret_gone;
}
/* After ST_OK: is it one more that waits? */
static inline bool event_waits(const EventPlan *e)
{
    return !e->ret_replay.is && e->schedule.send_at_ms && !e->schedule.ret_refused;
}

/* ST_OK: each event is durable, or a replay, or its schedule tells what became of it. Calls run one after the other, so of two with one key the
 * second meets the first, whichever loops they came from; the same holds for the events of one call.
 * ST_CONFLICT: the id of a delivery is taken, and nothing of the call was kept. */
typedef struct AcceptCall {
    StoreCall call;
    EventPlan *events;
    size_t event_count; /* all of them in one transaction, or none */
    Arena
        *arena; /* for replays; the caller does not touch it meanwhile. NULL: no event has a key */
} AcceptCall;

/* ---- the feed ---- */

typedef struct FeedItem {
    Uuid id;
    uint64_t seq;
    Str event_type, title, body;
    int64_t created_ms;
    bool is_read;
} FeedItem;

typedef struct FeedCall {
    StoreCall call;
    uint32_t tenant_no;
    Str user_id;
    uint32_t limit, offset;
    Arena *arena; /* the items live here; the caller does not touch it meanwhile */
    /* results, newest first */
    FeedItem *ret_items;
    uint32_t ret_count;
} FeedCall;

typedef struct MarkReadCall { /* ST_NOT_FOUND for an unknown or foreign id; repeating is ST_OK */
    StoreCall call;
    uint32_t tenant_no;
    Str user_id;
    Uuid notification_id;
    int64_t now_ms;
    /* results */
    bool ret_changed;    /* false: it was read already */
    uint32_t ret_unread; /* left in the user's feed; counted only if something changed */
} MarkReadCall;

typedef struct MarkAllReadCall { /* ST_OK for an unknown user, too */
    StoreCall call;
    uint32_t tenant_no;
    Str user_id;
    int64_t now_ms;
    uint32_t ret_count; /* that were unread */
} MarkAllReadCall;

typedef struct UnreadCall {
    StoreCall call;
    uint32_t tenant_no;
    Str user_id;
    uint32_t ret_unread;
} UnreadCall;

/* ---- the feed as a stream: what was published on one of a user's channels, by position ---- */

typedef struct StreamItem {
    uint64_t seq;
    Str data; /* as it was published */
} StreamItem;

/* One moment of the store. A feed has an epoch, which stays the same for as long as positions in it mean
 * the same: over restarts, and until the user is erased. Positions are the feed's, so those of one channel
 * have holes where the user was notified on another. */
typedef struct StreamCall {
    StoreCall call;
    uint32_t tenant_no;
    Str user_id;
    Str channel; /* without "#user" */
    uint64_t
        since; /* what lies after it, oldest first. reverse: before it, newest first (0: all) */
    bool reverse;
    uint32_t limit; /* 0: the position alone */
    Arena *arena;   /* the items live here; the caller does not touch it meanwhile */
    /* results */
    uint64_t ret_epoch; /* 0: this user was never heard of, and there is no feed */
    uint64_t ret_top;   /* the highest position ever given */
    uint64_t ret_floor; /* the highest position that was removed; lower ones may still be there */
    StreamItem *ret_items;
    uint32_t ret_count;
    bool ret_more; /* the range holds more than `limit` or the arena allowed */
} StreamCall;

/* ---- jobs: everything cold ---- */

typedef struct StoreJob StoreJob;
struct StoreJob {
    StoreCall call;
    /* Not ST_OK: the job's own changes are undone, call.st is what it returned. */
    Status (*run)(StoreTx *tx, StoreJob *job, Err *err);
    /* Set by run(): what was deleted must be nowhere in the files. After the commit, before done, a
     * driver rewrites what its pages still hold of moved rows; ret_compacted tells whether it did (a
     * store too large for that at once is left to the operator: STORE_COMPACT_BYTES_MAX). */
    bool compact, ret_compacted;
};

typedef enum ValueKind { VALUE_NULL, VALUE_INT, VALUE_TEXT, VALUE_BLOB } ValueKind;
typedef struct Value {
    ValueKind kind;
    int64_t num; /* INT */
    Str bytes;   /* TEXT, BLOB */
} Value;

static inline Value value_null(void)
{
    return (Value){VALUE_NULL, 0, {NULL, 0}};
}
static inline Value value_int(int64_t num)
{
    return (Value){VALUE_INT, num, {NULL, 0}};
}
static inline Value value_text(Str text) /* {NULL,0} is NULL; "" is "" */
{
    return text.at ? (Value){VALUE_TEXT, 0, text} : value_null();
}
static inline Value value_blob(const void *at, size_t len)
{
    return (Value){VALUE_BLOB, 0, str_make(at, len)};
}

typedef struct Rows { /* all of them, copied into an arena; bound the query with LIMIT */
    Value *_cells;
    uint32_t count, columns;
} Rows;

static inline Value rows_at(const Rows *rows, uint32_t row, uint32_t column)
{
    return rows->_cells[(size_t)row * rows->columns + column];
}
static inline int64_t rows_int(const Rows *rows, uint32_t row, uint32_t column) /* NULL is 0 */
{
    return rows_at(rows, row, column).num;
}
static inline Str rows_text(const Rows *rows, uint32_t row, uint32_t column) /* NULL is {NULL,0} */
{
    return rows_at(rows, row, column).bytes;
}

/* SQL that both databases understand; parameters are $1, $2, ... in order of first appearance. The
 * statement is prepared once per connection, keyed by the address of `sql`: pass a literal.
 * Errors: ST_CONFLICT for a unique key, ST_INVALID for another constraint, ST_UNAVAILABLE. */
Status tx_run(StoreTx *tx, const char *sql, const Value *values, int value_count,
              int64_t *ret_changed /* NULL */, Err *err) MUST_USE;
Status tx_query(StoreTx *tx, const char *sql, const Value *values, int value_count, Arena *arena,
                Rows *ret_rows, Err *err) MUST_USE;
int64_t tx_last_id(StoreTx *tx); /* the number given by the last INSERT */

#define VALUES(...)                                                                                \
    (const Value[]){__VA_ARGS__}, (int)(sizeof((const Value[]){__VA_ARGS__}) / sizeof(Value))
#define NO_VALUES NULL, 0

Status store_submit(Store *store, StoreCall *call) MUST_USE;
void store_close(Store *store); /* finishes what was submitted, then closes; joins its threads */

typedef struct StoreHealth {
    uint32_t queued;         /* calls waiting for the writer */
    bool writable;           /* the last commit succeeded */
    uint32_t stuck_ms;       /* how long the transaction in hand has been running; 0: none is */
    uint64_t commits, calls; /* since start */
} StoreHealth;
/* Any thread. Being asked makes an idle writer try its disk within a second, so that who asks
 * regularly hears of a fault that no call has met yet. */
StoreHealth store_health(Store *store);
/* Whoever waits for this writer waits for nothing: store_submit says ST_UNAVAILABLE meanwhile. */
static inline bool store_is_stuck(const StoreHealth *health)
{
    return health->stuck_ms > STORE_STUCK_MS;
}

/* What a driver fills in; the functions above go through it. */
typedef struct StoreOps {
    Status (*submit)(Store *store, StoreCall *call);
    void (*close)(Store *store);
    StoreHealth (*health)(Store *store);
    Status (*run)(StoreTx *tx, const char *sql, const Value *values, int count,
                  int64_t *ret_changed, Err *err);
    Status (*query)(StoreTx *tx, const char *sql, const Value *values, int count, Arena *arena,
                    Rows *ret_rows, Err *err);
    int64_t (*last_id)(StoreTx *tx);
} StoreOps;

struct Store {
    const StoreOps *ops;
};
struct StoreTx {
    const StoreOps *ops;
};

#endif
