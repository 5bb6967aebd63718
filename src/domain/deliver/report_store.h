/* report_store.h: what a vendor tells of a message later, written down (ORQ-19).
 *
 *   StatusReport --> its delivery: a line of its timeline; its status, upwards alone; the suppression list
 *
 * Reports come twice, late and out of order. Each kind counts once, and the status follows only a report of
 * a higher rank than all before (report_rank): so a late "sent" does not take back a "delivered", and a
 * bounce after it is noted, and heeded, without calling the delivery failed.
 *
 * Thread: inside a store job.  Ownership: what is read lives in the arena given.
 * Errors: the store's own. */
#ifndef ORQ_DOMAIN_DELIVER_REPORT_STORE_H
#define ORQ_DOMAIN_DELIVER_REPORT_STORE_H

#include "base/random.h"
#include "port/report.h"
#include "port/store.h"

typedef struct ReportSource { /* the provider that tells */
    uint32_t tenant_no;
    Uuid provider_id;
    Str provider; /* its name */
    Channel channel;
    int64_t now_ms;
} ReportSource;

typedef enum ReportFate {
    REPORT_APPLIED,
    REPORT_REPEATED, /* known already */
    REPORT_UNKNOWN,  /* of a message that is not this tenant's, or not here any more: dropped */
} ReportFate;

Status report_apply(StoreTx *tx, const ReportSource *source, const StatusReport *report,
                    Random *random, Arena *arena, ReportFate *ret_fate, Err *err) MUST_USE;

/* ---- reading ---- */

typedef struct ReportRow {
    ReportKind kind;
    int64_t at_ms;
    Str provider;
    Str cause; /* {NULL,0}: none */
} ReportRow;

typedef struct ReportRows { /* by kind: one each */
    ReportRow at[REPORT_KIND_COUNT];
    uint32_t count;
} ReportRows;

Status reports_read(StoreTx *tx, uint32_t tenant_no, int64_t event_no, Channel channel,
                    Arena *arena, ReportRows *ret_rows, Err *err) MUST_USE;
/* A delivery that begins anew owes nothing to what was told of it before. */
Status reports_forget(StoreTx *tx, uint32_t tenant_no, int64_t event_no, Channel channel,
                      Err *err) MUST_USE;

#endif
