/* suppression_store.h: to whom a tenant sends nothing any more, and why (ORQ-05).
 *
 *   a provider's webhook, a provider's answer, an opt-out, an admin --> suppression --> asked at each claim
 *
 * An address is suppressed for one category (an event type) or for all. The first reason stays: it is the one
 * that tells since when. Domains of e-mail addresses know no case and local parts hardly ever do, so both are
 * kept in lower case: better one mail too few to somebody who wanted none.
 *
 * Thread: inside a store job; the pure ones any.  Ownership: what is read lives in the arena given.
 * Errors: ST_NOT_FOUND, and the store's own. */
#ifndef ORQ_DOMAIN_DELIVER_SUPPRESSION_STORE_H
#define ORQ_DOMAIN_DELIVER_SUPPRESSION_STORE_H

#include "port/store.h"

typedef enum SuppressReason { /* stored: never renumbered */
                              SUPPRESS_BOUNCED,
                              SUPPRESS_COMPLAINED,
                              SUPPRESS_UNSUBSCRIBED,
                              SUPPRESS_REJECTED, /* a provider refused the recipient for good when it was asked to send */
                              SUPPRESS_MANUAL,
                              SUPPRESS_REASON_COUNT
} SuppressReason;

Str suppress_reason_name(SuppressReason reason); /* "bounced" */
bool suppress_reason_parse(Str text, SuppressReason *ret_reason);

enum { SUPPRESSION_ADDRESS_MAX = 320, SUPPRESSION_NOTE_MAX = 500 };

typedef struct Suppression {
    Uuid id;
    uint32_t tenant_no;
    Channel channel;
    Str address;
    Str category; /* "": all */
    SuppressReason reason;
    Str source;
    Str note;        /* {NULL,0}: none */
    int64_t user_no; /* 0: not known */
    int64_t since_ms;
} Suppression;

/* Normalises the address. *ret_added: false when it was suppressed already, which stays as it is. */
Status suppression_add(StoreTx *tx, const Suppression *suppression, bool *ret_added,
                       Err *err) MUST_USE;

/* Is anybody on this channel? Spares a line's deliveries the question one by one. */
Status suppression_any(StoreTx *tx, uint32_t tenant_no, Channel channel, bool *ret_any,
                       Err *err) MUST_USE;
/* The cause a delivery to this address ends with; {NULL,0}: it may be sent. */
Status suppression_cause(StoreTx *tx, uint32_t tenant_no, Channel channel, Str address,
                         Str category, Arena *arena, Str *ret_cause, Err *err) MUST_USE;

/* ---- for operators ---- */

enum { SUPPRESSION_ANY = -1 };

typedef struct SuppressionFilter {
    int channel, reason;   /* or SUPPRESSION_ANY */
    Str address, category; /* {NULL,0}: any */
} SuppressionFilter;

typedef struct SuppressionRows {
    Suppression *at;
    uint32_t count;
} SuppressionRows;

/* The newest first, below `before` (its id; zero: from the top). At most `limit`. */
Status suppression_page(StoreTx *tx, uint32_t tenant_no, const SuppressionFilter *filter,
                        Uuid before, uint32_t limit, Arena *arena, SuppressionRows *ret_rows,
                        Err *err) MUST_USE;
Status suppression_read(StoreTx *tx, uint32_t tenant_no, Uuid id, Arena *arena,
                        Suppression *ret_suppression, Err *err) MUST_USE;
Status suppression_lift(StoreTx *tx, uint32_t tenant_no, Uuid id, Err *err) MUST_USE;

#endif
