/* queue_store.h: the queue of e-mails and SMS as rows: claim, settle, recover.
 *
 * The queue is an index of `delivery`, a line for each (tenant, channel). A turn of the courier is one
 * transaction: what became of the last calls is settled, then new deliveries are claimed. A claim is
 * durable before the call it is for, and only the courier that holds it can settle it.
 *
 * Thread: inside a store job.  Ownership: what is read lives in the arena given.
 * Errors: the store's own. */
#ifndef ORQ_DOMAIN_DELIVER_QUEUE_STORE_H
#define ORQ_DOMAIN_DELIVER_QUEUE_STORE_H

#include "domain/deliver/state.h"
#include "domain/deliver/suppression_store.h"
#include "domain/tenant/tenant.h"
#include "port/provider.h"
#include "port/store.h"

typedef struct LineKey {
    uint32_t tenant_no;
    uint32_t channel; /* Channel; a full word, so that the key has no padding */
} LineKey;

/* ---- claim ---- */

typedef struct Claimed { /* a delivery with all that its message is made of */
    LineKey line;
    int64_t event_no;
    Uuid id;
    bool retrying; /* its status was RETRYING */
    uint32_t attempt_count, retry_count;
    Str recipient;
    Uuid template_id;
    uint32_t template_version;
    int64_t user_no;
    Str user_id; /* "" once erased */
    Str event_id, event_type, payload, variables;
    int64_t created_ms;
    /* The version it was planned with, when the snapshot does not have it any more. */
    bool has_source, at_most_once;
    TemplateFormat format;
    Str subject, body;
    Str suppressed; /* the cause it ends with instead of being sent; {NULL,0}: it may be sent */
} Claimed;

typedef struct LineClaim { /* what is asked of one line, and what it says */
    LineKey key;
    uint32_t quota;
    /* results */
    uint32_t ret_count;
    int64_t
        ret_due_ms; /* of the next one, when fewer than the quota were due; INT64_MAX: none waits */
} LineClaim;

typedef struct ClaimRequest {
    int64_t claim; /* the courier's number, not 0 */
    int64_t now_ms;
    const Snapshot *snapshot; /* templates it has need not be read */
    LineClaim *lines;
    uint32_t line_count;
    Claimed *
        ret_at; /* room for the sum of the quotas; in line order, within a line retries that are due
                        first, then first attempts as their events were accepted */
    uint32_t ret_count;
} ClaimRequest;

/* The very version it was planned with; NULL when the snapshot does not have it any more. */
const TenantTemplate *claimed_template(const Snapshot *snapshot, const Tenant *tenant,
                                       const Claimed *claimed);

Status queue_claim(StoreTx *tx, ClaimRequest *request, Arena *arena, Err *err) MUST_USE;

/* ---- settle ---- */

typedef struct AttemptRow {
    uint32_t no;
    Str provider; /* its name; {NULL,0}: not known */
    Uuid provider_id;
    int64_t started_ms, finished_ms;
    OutcomeClass class;
    int status;                            /* 0: no answer */
    Str reference, request, answer, cause; /* {NULL,0}: none */
} AttemptRow;

typedef struct Settled {
    LineKey line;
    int64_t event_no;
    DeliveryState from; /* what it was before the claim: QUEUED or RETRY_WAIT */
    DeliveryState to;   /* QUEUED: it was not sent after all, and stays what it was */
    uint32_t attempt_count, retry_count;
    int64_t due_ms; /* RETRY_WAIT */
    int64_t now_ms;
    Str cause;                  /* {NULL,0}: none */
    Str provider;               /* asked last; {NULL,0}: none was */
    const AttemptRow *attempts; /* new ones */
    uint32_t new_count;
    const Suppression *suppression; /* its recipient is never to be written to again; NULL */
} Settled;

/* A delivery that is gone (erased), or not this courier's any more, is passed over. */
Status queue_settle(StoreTx *tx, int64_t claim, const Settled *settled, uint32_t count,
                    Err *err) MUST_USE;

/* ---- after a crash, and at start ---- */

enum { QUEUE_RECOVER_ROWS = 256, QUEUE_LINES_PAGE = 256 };

typedef struct Recovered {
    uint32_t again, dead; /* back in the queue; given up, being at most once */
} Recovered;

/* Deals with up to QUEUE_RECOVER_ROWS deliveries claimed by couriers before `claim`; none left when both
 * counts stay 0. */
Status queue_recover(StoreTx *tx, int64_t claim, int64_t now_ms, Recovered *ret_recovered,
                     Err *err) MUST_USE;

typedef struct WaitingLine {
    LineKey key;
    int64_t due_ms; /* of its first */
} WaitingLine;

/* Lines in which something waits, in key order behind `after`, at most QUEUE_LINES_PAGE. */
Status queue_lines(StoreTx *tx, LineKey after, WaitingLine *ret_lines, uint32_t *ret_count,
                   Err *err) MUST_USE;

/* ---- reading ---- */

typedef struct AttemptRows {
    AttemptRow *at;
    uint32_t count;
} AttemptRows;

/* One delivery as it would be claimed, whatever its status: to look at what it says. */
Status queue_read(StoreTx *tx, const Snapshot *snapshot, LineKey line, int64_t event_no,
                  Arena *arena, Claimed *ret_claimed, Err *err) MUST_USE;

Status attempts_read(StoreTx *tx, uint32_t tenant_no, int64_t event_no, Channel channel,
                     Arena *arena, AttemptRows *ret_rows, Err *err) MUST_USE;

#endif
