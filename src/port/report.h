/* report.h: what a vendor tells us later about a message it took over: its status webhooks.
 *
 *   StatusCall --report()--> StatusReport[] --> domain/deliver moves the delivery up, or suppresses
 *
 * Reports come late, twice and out of order; they are ranked, and a delivery only moves up (report_rank).
 * A vendor's report() is a pure function: it checks the signature on the bytes as they came, then says what
 * they mean. Reports for ids we do not know are the caller's to drop.
 *
 * Thread: any.  Ownership: reports live in the arena, or are borrowed from the call. */
#ifndef ORQ_PORT_REPORT_H
#define ORQ_PORT_REPORT_H

#include "port/provider.h"

enum { REPORT_AGE_MAX_S = 300 /* a signature older, or younger, than this is refused */ };

typedef enum ReportKind {
    REPORT_SENT,     /* on its way */
    REPORT_DEFERRED, /* the vendor is still trying */
    REPORT_DELIVERED,
    REPORT_FAILED,       /* given up; the recipient may be fine */
    REPORT_BOUNCED,      /* given up; this recipient will never be reached: suppressed */
    REPORT_COMPLAINED,   /* "this is spam": suppressed */
    REPORT_UNSUBSCRIBED, /* the recipient asked to hear no more: suppressed */
    REPORT_OPENED,
    REPORT_CLICKED,
    REPORT_KIND_COUNT
} ReportKind;

typedef struct StatusReport {
    ReportKind kind;
    Str provider_id; /* the vendor's id of the message, as in Outcome; "" when it names the recipient alone */
    Str delivery_id; /* ours, from vendors that carry it; "" */
    Str recipient;   /* address or number; "" */
    Str cause;       /* one line; "" when there is nothing to say */
    int64_t at_ms;   /* when it happened, by the vendor's clock; 0: not said */
} StatusReport;

typedef struct StatusReports {
    StatusReport *at;
    size_t count;
} StatusReports;

typedef struct StatusCall {
    Str url; /* as the vendor was told to call it, query included */
    const ProviderHeader *headers;
    uint32_t header_count;
    Str body;
    int64_t now_ms;
} StatusCall;

/* ProviderKind.report: ST_UNAUTHORIZED: not signed, wrongly or too long ago; ST_INVALID: signed, yet not
 * understood; ST_TOO_BIG: the arena is full. `err` says what to do. */

Str status_header(const StatusCall *call, Str name); /* without case; {NULL,0} when absent */
Str report_kind_name(ReportKind kind);               /* "bounced", for timelines */
int report_rank(ReportKind kind); /* a later report of a lower rank changes nothing */

#endif
