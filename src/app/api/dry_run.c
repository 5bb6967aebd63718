/* The plan is the one a real trigger would get; only what it leaves to later (e-mail and SMS are rendered when
 * they are sent) is rendered here, for the eye. Then the plan is forgotten. */
#include "app/api/dry_run.h"

#include "app/admin/put.h"
#include "app/api/accept.h"
#include "base/limits.h"

typedef struct DryRun {
    const Request *rq;
    const Tenant *tenant;
    const Trigger *trigger;
    const EventPlan *plan;
} DryRun;

static void put_deliveries(Buf *out, const DryRun *d);
static void put_skipped(Buf *out, const DryRun *d);

void dry_run(Request *rq, const Tenant *tenant, const Trigger *trigger)
{
    PlanContext ctx = accept_context(rq, tenant);
    EventPlan plan;
    Err err = {0};
    Buf out;

    Status st = plan_event(&ctx, trigger, &plan, &err);
    const DryRun d = {rq, tenant, trigger, &plan};
    buf_init(&out, HTTP_RESPONSE_MAX);
    if (st == ST_OK) {
        put_open(&out);
        put_flag(&out, "success", true);
        put_flag(&out, "dryRun", true);
        put_key(&out, "data");
        put_open(&out);
        put_text(&out, "eventType", plan.event_type);
        put_text(&out, "userId", plan.user_id);
        if (trigger->send_at_ms) put_time(&out, "sendAt", trigger->send_at_ms);
        put_deliveries(&out, &d);
        put_skipped(&out, &d);
        put_close(&out);
        put_close(&out);
        st = buf_status(&out);
    }
    if (st == ST_OK)
        respond_json(rq, 200, buf_view(&out));
    else
        respond_status(rq, st, &err);
    buf_done(&out);
}

/* ---- what would be sent ---- */

static void put_text_or_null(Buf *out, const char *key, Str text)
{
    put_text(out, key, text.len ? text : (Str){NULL, 0});
}

/* As a member, or in *cause why not. */
static void put_rendered(Buf *out, const char *key, const DryRun *d, const Template *template,
                         TemplateEscape escape, Err *cause)
{
    TemplateInput input = {.variables = &d->trigger->variables, .fallback = &d->trigger->payload};
    Err err = {0};
    Buf text;

    if (!template) return;
    buf_init(&text, TEMPLATE_OUTPUT_MAX);
    Status st = template_render(template, &input, escape, &text, &err);
    if (st == ST_OK) st = buf_status(&text);
    if (st == ST_OK)
        put_text(out, key, buf_len(&text) ? buf_view(&text) : S(""));
    else
        (void)err_set(cause, st, "the template's %s could not be rendered: %s", key,
                      err.text[0] ? err.text : status_text(st));
    buf_done(&text);
}

/* Only bodies of e-mails are HTML (E.28). */
static void put_mail_or_sms(Buf *out, const DryRun *d, const TenantTemplate *t, Err *cause)
{
    bool html = t->channel == CHANNEL_EMAIL && t->format != FORMAT_TEXT;

    put_rendered(out, "subject", d, t->channel == CHANNEL_EMAIL ? t->subject : NULL, ESCAPE_NONE,
                 cause);
    put_rendered(out, "body", d, t->body, html ? ESCAPE_HTML : ESCAPE_NONE, cause);
}

static void put_push(Buf *out, const NotificationPlan *n)
{
    put_text(out, "title", n->title);
    put_text(out, "body", n->body);
    put_text(out, "targetChannel", n->channel);
}

static void put_delivery(Buf *out, const DryRun *d, const DeliveryPlan *delivery)
{
    const TenantTemplate *t = snapshot_template(d->rq->snapshot, d->tenant, d->plan->event_type,
                                                delivery->channel);
    DeliveryStatus status = delivery->status;
    Err cause = {0};

    put_open(out);
    put_text(out, "channel", channel_name(delivery->channel));
    put_text_or_null(out, "recipient", delivery->recipient);
    if (uuid_is_zero(delivery->template_id))
        put_text(out, "templateId", (Str){NULL, 0}); /* the platform's */
    else
        put_id(out, "templateId", delivery->template_id);
    put_num(out, "templateVersion", delivery->template_version);
    if (delivery->channel != CHANNEL_PUSH)
        put_mail_or_sms(out, d, t, &cause);
    else if (d->plan->has_notification)
        put_push(out, &d->plan->notification);
    if (cause.text[0]) status = DELIVERY_FAILED;
    put_text(out, "status", delivery_status_name(status));
    put_text_or_null(out, "cause", delivery->cause.len ? delivery->cause : err_view(&cause));
    put_close(out);
}

static void put_deliveries(Buf *out, const DryRun *d)
{
    put_array_open(out, "deliveries");
    for (uint8_t i = 0; i < d->plan->delivery_count; i++)
        put_delivery(out, d, &d->plan->deliveries[i]);
    put_array_close(out);
}

/* ---- and what would not ---- */

static bool is_planned(const EventPlan *plan, Channel channel)
{
    for (uint8_t i = 0; i < plan->delivery_count; i++)
        if (plan->deliveries[i].channel == channel) return true;
    return false;
}

/* The first reason is enough: who mends it meets the next. */
static Str why_skipped(const DryRun *d, Channel channel)
{
    if (!snapshot_template(d->rq->snapshot, d->tenant, d->plan->event_type, channel))
        return S("no active template for this eventType and channel");
    if (!(d->tenant->delivery_channels & CHANNEL_BIT(channel)))
        return S("not in the tenant's deliveryChannels");
    return S("not in the channels of this request");
}

static void put_skipped(Buf *out, const DryRun *d)
{
    put_array_open(out, "skipped");
    for (Channel c = CHANNEL_EMAIL; c < CHANNEL_COUNT; c++) {
        if (is_planned(d->plan, c)) continue;
        put_open(out);
        put_text(out, "channel", channel_name(c));
        put_text(out, "why", why_skipped(d, c));
        put_close(out);
    }
    put_array_close(out);
}
