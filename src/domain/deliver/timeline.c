#include "domain/deliver/timeline.h"

static const Str NOTHING = {NULL, 0};

/* In the order of time; what happened in the same millisecond stays in the order it was told. */
static void add(Timeline *t, int64_t at_ms, Str what, Str detail)
{
    uint32_t i = t->count++;
    CHECK(t->count <= TIMELINE_MAX);
    for (; i > 0 && t->at[i - 1].at_ms > at_ms; i--) t->at[i] = t->at[i - 1];
    t->at[i] = (Moment){at_ms, what, detail};
}

/* The cause alone when there is no memory for both: it is the part that matters. */
static Str with_cause(const LogRow *d, Str cause, Arena *arena)
{
    Str channel = channel_name(d->channel), between = S(": ");
    if (!cause.len) return channel;
    size_t len = channel.len + between.len + cause.len;
    char *text = arena_try(arena, len);
    if (!text) return cause;
    memcpy(text, channel.at, channel.len);
    memcpy(text + channel.len, between.at, between.len);
    memcpy(text + channel.len + between.len, cause.at, cause.len);
    return str_make(text, len);
}

static void add_state(Timeline *t, const LogRow *d, Arena *arena)
{
    Str channel = channel_name(d->channel);
    switch (d->status) {
    case DELIVERY_SENT:
        add(t, d->updated_ms, d->channel == CHANNEL_PUSH ? S("published") : S("sent"), channel);
        return;
    case DELIVERY_DELIVERED:
        add(t, d->updated_ms, S("delivered"), channel);
        return;
    case DELIVERY_FAILED:
        add(t, d->updated_ms, S("failed"), with_cause(d, d->cause, arena));
        return;
    case DELIVERY_RETRYING:
        add(t, d->updated_ms, S("retrying"), with_cause(d, d->cause, arena));
        return;
    case DELIVERY_PENDING: /* it waits: nothing has happened yet */
    case DELIVERY_STATUS_COUNT:
        return;
    }
}

static void add_delivery(Timeline *t, const LogRow *d, Arena *arena)
{
    Str channel = channel_name(d->channel);
    add(t, d->created_ms, S("planned"), channel);
    /* E-mail and SMS are rendered when they are sent, PUSH while it is planned. */
    if (d->channel == CHANNEL_PUSH && d->status != DELIVERY_FAILED)
        add(t, d->created_ms, S("rendered"), channel);
    add_state(t, d, arena);
    if (d->read_ms) add(t, d->read_ms, S("read"), channel);
}

Timeline timeline_of_delivery(const LogRow *delivery, Arena *arena)
{
    Timeline t = {.count = 0};
    add(&t, delivery->created_ms, S("accepted"), NOTHING);
    add_delivery(&t, delivery, arena);
    return t;
}

Timeline timeline_of_event(const EventRow *event, const LogRows *deliveries, Arena *arena)
{
    Timeline t = {.count = 0};
    CHECK(deliveries->count <= CHANNEL_COUNT);
    add(&t, event->created_ms, S("accepted"), NOTHING);
    if (deliveries->count == 0)
        add(&t, event->created_ms, S("unmatched"), S("no active template on a channel it may use"));
    for (uint32_t i = 0; i < deliveries->count; i++) add_delivery(&t, &deliveries->at[i], arena);
    return t;
}

Timeline timeline_of_scheduled(int64_t created_ms, int64_t send_at_ms, bool held)
{
    Timeline t = {.count = 0};
    add(&t, created_ms, S("accepted"), NOTHING);
    add(&t, send_at_ms, held ? S("held") : S("scheduled"),
        held
            ? S("the tenant was suspended; it happens when that ends, or never if later than a day")
            : S("it happens then"));
    return t;
}

Timeline timeline_of_ended(int64_t created_ms, int64_t ended_ms, Str how, Str why)
{
    Timeline t = {.count = 0};
    add(&t, created_ms, S("accepted"), NOTHING);
    add(&t, ended_ms, how, why);
    return t;
}

/* The state itself is told already. */
static bool is_told(const LogRow *d, ReportKind kind)
{
    if (kind == REPORT_SENT) return true; /* the attempt says so, or the state */
    return (kind == REPORT_DELIVERED && d->status == DELIVERY_DELIVERED) ||
           (kind == REPORT_FAILED && d->status == DELIVERY_FAILED);
}

void timeline_add_story(Timeline *t, const LogRow *d, const AttemptRows *attempts,
                        const ReportRows *reports, Arena *arena)
{
    const AttemptRow *taken = NULL;
    for (uint32_t i = 0; i < attempts->count; i++)
        if (attempts->at[i].class == OUTCOME_OK) taken = &attempts->at[i];
    if (taken && d->status != DELIVERY_SENT)
        add(t, taken->finished_ms, S("sent"), channel_name(d->channel));
    for (uint32_t i = 0; i < reports->count; i++) {
        const ReportRow *r = &reports->at[i];
        if (!is_told(d, r->kind))
            add(t, r->at_ms, report_kind_name(r->kind), with_cause(d, r->cause, arena));
    }
}
