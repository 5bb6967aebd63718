#include "port/report.h"

static const struct {
    Str name;
    int rank;
} kinds[REPORT_KIND_COUNT] = {
    [REPORT_SENT] = {STR_INIT("sent"), 1},
    [REPORT_DEFERRED] = {STR_INIT("deferred"), 2},
    [REPORT_FAILED] = {STR_INIT("failed"), 3},
    [REPORT_BOUNCED] = {STR_INIT("bounced"), 3},
    [REPORT_DELIVERED] = {STR_INIT("delivered"), 4},
    [REPORT_OPENED] = {STR_INIT("opened"), 5},
    [REPORT_CLICKED] = {STR_INIT("clicked"), 6},
    [REPORT_COMPLAINED] = {STR_INIT("complained"), 7},
    [REPORT_UNSUBSCRIBED] = {STR_INIT("unsubscribed"), 7},
};

Str report_kind_name(ReportKind kind)
{
    CHECK(kind < REPORT_KIND_COUNT);
    return kinds[kind].name;
}

int report_rank(ReportKind kind)
{
    CHECK(kind < REPORT_KIND_COUNT);
    return kinds[kind].rank;
}

Str status_header(const StatusCall *call, Str name)
{
    for (uint32_t i = 0; i < call->header_count; i++)
        if (str_eq_nocase(call->headers[i].name, name)) return call->headers[i].value;
    return (Str){NULL, 0};
}
