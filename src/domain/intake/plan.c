/* Which templates fire, and what each of them leaves behind.
 *
 *   trigger.channels & tenant.delivery_channels -> template? -> delivery    (no template: nothing)
 *                                                     PUSH:  + notification + publication
 *
 * Invariants
 * 1. A delivery's id is new with every plan: what is one event and what is another, the store decides by
 *    the event's key. Ids grow with time, which keeps the inserts into their index at its end.
 * 2. A delivery that cannot be carried out is still planned, FAILED and with its cause: nothing that
 *    matched a template disappears (RELIABILITY P4).
 * 3. A publication fits one realtime message. Variables are the first to go; then the delivery fails. */
#include "domain/intake/plan.h"

#include "domain/intake/push.h"

/* One planning in progress. */
typedef struct Plan {
    const PlanContext *ctx;
    const Trigger *trigger;
    EventPlan *event;
} Plan;

static Status plan_event_id(Plan *p);
static Status plan_email(Plan *p, DeliveryPlan *d);
static Status plan_sms(Plan *p, DeliveryPlan *d);
static Status plan_push(Plan *p, const TenantTemplate *template, DeliveryPlan *d);
static void delivery_fail(DeliveryPlan *d, Str cause);

static Status plan_delivery(Plan *p, const TenantTemplate *template)
{
    DeliveryPlan d = {.id = uuid_v7(p->ctx->now_ms, p->ctx->random),
                      .channel = template->channel,
                      .status = DELIVERY_PENDING,
                      .recipient = S(""),
                      .cause = S(""),
                      .template_id = template->id,
                      .template_version = template->version};
    Status st = ST_INTERNAL;

    switch (template->channel) {
    case CHANNEL_EMAIL:
        st = plan_email(p, &d);
        break;
    case CHANNEL_SMS:
        st = plan_sms(p, &d);
        break;
    case CHANNEL_PUSH:
        st = plan_push(p, template, &d);
        break;
    case CHANNEL_COUNT:
        break;
    }
    if (st == ST_OK) p->event->deliveries[p->event->delivery_count++] = d;
    return st;
}

static EventPlan event_of(const PlanContext *ctx, const Trigger *trigger)
{
    return (EventPlan){.tenant_no = ctx->tenant->no,
                       .answer = S(""),
                       .event_id = trigger->event_id,
                       .event_type = trigger->event_type,
                       .user_id = trigger->user_id,
                       .trace_id = trigger->trace_id,
                       .payload = trigger->payload_raw,
                       .variables = trigger->variables_raw,
                       .created_ms = ctx->now_ms};
}

Status plan_event(const PlanContext *ctx, const Trigger *trigger, EventPlan *ret_plan, Err *err)
{
    EventPlan event = event_of(ctx, trigger);
    Plan p = {ctx, trigger, &event};
    ChannelSet wanted = trigger->channels & ctx->tenant->delivery_channels;
    Status st = plan_event_id(&p);

    for (Channel c = CHANNEL_EMAIL; c < CHANNEL_COUNT && st == ST_OK; c++) {
        if (!(wanted & CHANNEL_BIT(c))) continue;
        const TenantTemplate *template = snapshot_template(ctx->snapshot, ctx->tenant,
                                                           trigger->event_type, c);
        if (template) st = plan_delivery(&p, template);
    }
    if (st != ST_OK) return err_set(err, st, "the event is too large to be planned");
    *ret_plan = event;
    return ST_OK;
}

Status plan_later(const PlanContext *ctx, const Trigger *trigger, EventPlan *ret_plan, Err *err)
{
    EventPlan event = event_of(ctx, trigger);
    Plan p = {ctx, trigger, &event};

    if (plan_event_id(&p) != ST_OK)
        return err_set(err, ST_TOO_BIG, "the event is too large to be planned");
    event.schedule = (EventSchedule){.send_at_ms = trigger->send_at_ms, .body = trigger->raw};
    *ret_plan = event;
    return ST_OK;
}

/* ---- the id of an event that came without one ---- */

static Status plan_event_id(Plan *p)
{
    char text[UUID_TEXT_LEN];
    if (p->event->event_id.at) return ST_OK;
    uuid_text(uuid_v7(p->ctx->now_ms, p->ctx->random), text);
    bool fits = arena_copy(p->ctx->arena, str_make(text, sizeof text), &p->event->event_id);
    return fits ? ST_OK : ST_TOO_BIG;
}

static void delivery_fail(DeliveryPlan *d, Str cause)
{
    d->status = DELIVERY_FAILED;
    d->cause = cause;
}

/* ---- e-mail and SMS: who, not yet what ---- */

enum { EMAIL_ADDRESS_MAX = 254 /* bytes, RFC 5321 4.5.3.1.3 less its brackets */ };

/* Enough to refuse what no mail server could take, control characters above all, and what would be more
 * than one bare address ("<a@b>", "a@b, c@d"); whether the address
 * exists only its server knows. */
static bool email_is_plausible(Str address)
{
    ptrdiff_t sign = str_find_last(address, '@');
    if (sign <= 0 || (size_t)sign + 1 == address.len) return false;
    for (size_t i = 0; i < address.len; i++) {
        uint8_t byte = (uint8_t)address.at[i];
        if (byte <= ' ' || byte == 0x7f || strchr("<>(),;\\\"", byte)) return false;
    }
    return true;
}

static Status plan_email(Plan *p, DeliveryPlan *d)
{
    Str address = p->trigger->recipient_email;

    d->recipient = text_cut(address, EMAIL_ADDRESS_MAX);
    if (address.len == 0)
        delivery_fail(d, S("recipientEmail is required for the EMAIL channel"));
    else if (address.len > EMAIL_ADDRESS_MAX || !email_is_plausible(address))
        delivery_fail(d, S("recipientEmail must be an email address, for example "
                           "user@example.com"));
    return ST_OK;
}

enum { PHONE_MAX = 16 /* '+' and 15 digits */ };

static bool phone_is_e164(Str phone)
{
    if (phone.len < 3 || phone.len > PHONE_MAX || phone.at[0] != '+' || phone.at[1] == '0')
        return false;
    for (size_t i = 1; i < phone.len; i++)
        if (phone.at[i] < '0' || phone.at[i] > '9') return false;
    return true;
}

bool recipient_fits(Channel channel, Str address)
{
    if (channel == CHANNEL_SMS) return phone_is_e164(address);
    return channel == CHANNEL_EMAIL && address.len <= EMAIL_ADDRESS_MAX &&
           email_is_plausible(address);
}

static Status plan_sms(Plan *p, DeliveryPlan *d)
{
    Str phone = p->trigger->recipient_phone;

    d->recipient = text_cut(phone, PHONE_MAX);
    if (phone.len == 0)
        delivery_fail(d, S("recipientPhone is required for the SMS channel"));
    else if (!phone_is_e164(phone))
        delivery_fail(d, S("recipientPhone must be in E.164 format, for example +254712345678"));
    return ST_OK;
}

/* ---- PUSH ---- */

static Status plan_push(Plan *p, const TenantTemplate *template, DeliveryPlan *d)
{
    Err cause = {0};
    Status st = push_plan(p->ctx, p->trigger, template, &p->event->notification, &cause);

    if (st == ST_OK) {
        p->event->has_notification = true;
        d->status = DELIVERY_SENT; /* published right after the commit */
        return ST_OK;
    }
    if (st != ST_INVALID || !arena_copy(p->ctx->arena, err_view(&cause), &d->cause))
        return ST_TOO_BIG;
    delivery_fail(d, d->cause);
    return ST_OK;
}
