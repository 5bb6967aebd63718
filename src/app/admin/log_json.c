#include "app/admin/log_json.h"

#include "app/admin/put.h"

static void put_row(Buf *out, const LogRow *row)
{
    put_id(out, "id", row->id);
    put_text(out, "eventId", row->event_id);
    put_text(out, "eventType", row->event_type);
    put_text(out, "channel", channel_name(row->channel));
    put_text(out, "userId", row->user_id);
    put_text(out, "recipient", row->recipient);
    put_text(out, "status", delivery_status_name(row->status));
    put_text(out, "cause", row->cause);
    put_num(out, "attemptCount", row->attempt_count);
    put_text(out, "provider", row->provider);
    put_text(out, "traceId", row->trace_id);
    put_time(out, "createdAt", row->created_ms);
    put_time(out, "updatedAt", row->updated_ms);
}

void timeline_json(Buf *out, const Timeline *timeline)
{
    put_array_open(out, "timeline");
    for (uint32_t i = 0; i < timeline->count; i++) {
        const Moment *moment = &timeline->at[i];
        put_open(out);
        put_time(out, "at", moment->at_ms);
        put_text(out, "what", moment->what);
        if (moment->detail.at) put_text(out, "detail", moment->detail);
        put_close(out);
    }
    put_array_close(out);
}

void log_json(Buf *out, const LogRow *row)
{
    put_open(out);
    put_row(out, row);
    put_close(out);
}

static void put_attempt(Buf *out, const AttemptRow *a)
{
    put_open(out);
    put_num(out, "no", a->no);
    put_time(out, "at", a->started_ms);
    put_text(out, "provider", a->provider);
    put_text(out, "status", a->class == OUTCOME_OK ? S("SENT") : S("FAILED"));
    put_text(out, "class", outcome_class_name(a->class));
    if (a->status)
        put_num(out, "statusCode", a->status);
    else
        put_text(out, "statusCode", (Str){NULL, 0});
    put_text(out, "providerMessageId", a->reference);
    put_text(out, "cause", a->cause);
    put_num(out, "durationMs", a->finished_ms - a->started_ms);
    put_text(out, "request", a->request);
    put_text(out, "answer", a->answer);
    put_close(out);
}

void log_json_whole(Buf *out, const LogRow *row, const AttemptRows *attempts,
                    const Timeline *timeline)
{
    put_open(out);
    log_json_members(out, row, attempts, timeline);
    put_close(out);
}

void log_json_members(Buf *out, const LogRow *row, const AttemptRows *attempts,
                      const Timeline *timeline)
{
    put_row(out, row);
    put_array_open(out, "attempts");
    for (uint32_t i = 0; i < attempts->count; i++) put_attempt(out, &attempts->at[i]);
    put_array_close(out);
    timeline_json(out, timeline);
}

void event_json(Buf *out, const EventRow *event, const LogRows *deliveries,
                const Timeline *timeline)
{
    put_open(out);
    put_text(out, "id", event->id);
    put_text(out, "eventType", event->type);
    put_text(out, "userId", event->user_id);
    put_text(out, "traceId", event->trace_id);
    put_time(out, "createdAt", event->created_ms);
    put_array_open(out, "deliveries");
    for (uint32_t i = 0; i < deliveries->count; i++) log_json(out, &deliveries->at[i]);
    put_array_close(out);
    timeline_json(out, timeline);
    put_close(out);
}
