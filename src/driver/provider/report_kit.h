/* report_kit.h: what the vendors' report files share (port/report.h).
 *
 * Thread: any.  Ownership: in the arena. */
#ifndef ORQ_DRIVER_PROVIDER_REPORT_KIT_H
#define ORQ_DRIVER_PROVIDER_REPORT_KIT_H

#include "port/report.h"
#include "proto/json.h"

/* A vendor's word for what happened. */
typedef struct ReportWord {
    const char *word;
    ReportKind kind;
} ReportWord;

/* False for a word that means nothing to us: such a report is dropped. */
bool report_word(const ReportWord *words, size_t count, Str word, ReportKind *ret_kind);

/* Room for `count` reports, none filled; ST_TOO_BIG. */
Status report_room(StatusReports *ret_reports, size_t count, Arena *arena, Err *err) MUST_USE;

/* Is the timestamp (Unix seconds, as text) within REPORT_AGE_MAX_S of now? */
bool report_is_fresh(const StatusCall *call, Str timestamp);

#endif
