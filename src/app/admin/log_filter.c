#include "app/admin/log_filter.h"

#include "base/isotime.h"
#include "proto/url.h"

typedef struct Reader {
    Request *rq;
    Problems problems;
} Reader;

static void problem(Reader *r, Str name, const char *rule)
{
    problems_add(&r->problems, arena_format(&r->rq->arena, "%.*s must be %s", STR_FMT(name), rule));
}

/* Absent: false. There, but empty or no text: false as well, and a problem. */
static bool take(Reader *r, Str name, Str *ret_value)
{
    Str value;
    Status st = ST_NOT_FOUND;
    if (r->rq->query.at) st = url_query(r->rq->query, name, &r->rq->arena, &value);
    if (st == ST_NOT_FOUND) return false;
    if (st != ST_OK || value.len == 0) {
        problem(r, name, "a text that is not empty");
        return false;
    }
    *ret_value = value;
    return true;
}

static void take_channel(Reader *r, int *ret_channel)
{
    Channel channel;
    Str text;
    if (!take(r, S("channel"), &text)) return;
    if (channel_parse(text, &channel))
        *ret_channel = (int)channel;
    else
        problem(r, S("channel"), "one of the following values: EMAIL, SMS, PUSH");
}

static void take_status(Reader *r, int *ret_status)
{
    Str text;
    if (!take(r, S("status"), &text)) return;
    for (DeliveryStatus s = DELIVERY_PENDING; s < DELIVERY_STATUS_COUNT; s++)
        if (str_eq(delivery_status_name(s), text)) {
            *ret_status = (int)s;
            return;
        }
    problem(r, S("status"),
            "one of the following values: PENDING, SENT, DELIVERED, FAILED, RETRYING");
}

static void take_time(Reader *r, Str name, int64_t *ret_unix_ms)
{
    Str text;
    if (take(r, name, &text) && !iso_parse(text, ret_unix_ms))
        problem(r, name, "an ISO 8601 time, for example 2026-04-22T12:00:00Z");
}

bool log_filter_read(Request *rq, LogFilter *ret_filter)
{
    Reader r = {.rq = rq};
    LogFilter filter = LOG_FILTER_NONE;
    take_channel(&r, &filter.channel);
    take_status(&r, &filter.status);
    take(&r, S("eventType"), &filter.event_type);
    take(&r, S("userId"), &filter.user_id);
    take(&r, S("traceId"), &filter.trace_id);
    take_time(&r, S("from"), &filter.from_ms);
    take_time(&r, S("to"), &filter.to_ms);
    if (r.problems.count)
        respond_problems(rq, &r.problems);
    else
        *ret_filter = filter;
    return r.problems.count == 0;
}
