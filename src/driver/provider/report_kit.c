#include "driver/provider/report_kit.h"

bool report_word(const ReportWord *words, size_t count, Str word, ReportKind *ret_kind)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(word, words[i].word)) {
            *ret_kind = words[i].kind;
            return true;
        }
    return false;
}

Status report_room(StatusReports *ret_reports, size_t count, Arena *arena, Err *err)
{
    StatusReport *at = arena_try(arena, sizeof *at * (count ? count : 1));
    if (!at) return err_set(err, ST_TOO_BIG, "too many reports in one call");
    *ret_reports = (StatusReports){at, 0};
    return ST_OK;
}

bool report_is_fresh(const StatusCall *call, Str timestamp)
{
    uint64_t at_s;
    int64_t now_s = call->now_ms / 1000;
    if (!str_to_u64(timestamp, &at_s) || at_s > INT64_MAX / 2) return false;
    return (int64_t)at_s >= now_s - REPORT_AGE_MAX_S && (int64_t)at_s <= now_s + REPORT_AGE_MAX_S;
}
