/* title, body -> notification -> publication. Each text is rendered into the loop's scratch and copied
 * out, so the arena holds what is kept and nothing else. */
#include "domain/intake/push.h"

#include "base/isotime.h"
#include "base/limits.h"

static Status plan_title(const PlanContext *ctx, const Trigger *trigger, const Template *subject,
                         Str *ret_title, Err *ret_cause);
static Status plan_body(const PlanContext *ctx, const Trigger *trigger, const Template *body,
                        Str *ret_body, Err *ret_cause);
static Status plan_channel(const PlanContext *ctx, const Trigger *trigger, Str target,
                           Str *ret_channel, Err *ret_cause);
static Status plan_data(const PlanContext *ctx, const Trigger *trigger,
                        const NotificationPlan *notification, Str *ret_data, Err *ret_cause);
static Status plan_bridge(const PlanContext *ctx, const Trigger *trigger, NotificationPlan *n);

Status push_plan(const PlanContext *ctx, const Trigger *trigger, const TenantTemplate *template,
                 NotificationPlan *ret_notification, Err *ret_cause)
{
    NotificationPlan n = {.id = uuid_v7(ctx->now_ms, ctx->random)};

    Status st = plan_title(ctx, trigger, template->subject, &n.title, ret_cause);
    if (st == ST_OK) st = plan_body(ctx, trigger, template->body, &n.body, ret_cause);
    if (st == ST_OK)
        st = plan_channel(ctx, trigger, template->target_channel, &n.channel, ret_cause);
    if (st == ST_OK) st = plan_data(ctx, trigger, &n, &n.data, ret_cause);
    if (st == ST_OK) st = plan_bridge(ctx, trigger, &n);
    if (st == ST_OK) *ret_notification = n;
    return st;
}

Str text_cut(Str text, size_t max_bytes)
{
    size_t len = max_bytes;
    if (text.len <= max_bytes) return text;
    while (len > 0 && ((uint8_t)text.at[len] & 0xc0) == 0x80) len--; /* inside a character */
    return str_head(text, len);
}

/* Copies what was rendered out of the scratch. */
static Status keep(const PlanContext *ctx, Str text, Str *ret_text)
{
    return arena_copy(ctx->arena, text, ret_text) ? ST_OK : ST_TOO_BIG;
}

/* Into the scratch; whatever a template can do wrong is the delivery's failure, not the event's. */
static Status render(const PlanContext *ctx, const Trigger *trigger, const Template *template,
                     const char *what, Err *ret_cause)
{
    TemplateInput input = {.variables = &trigger->variables, .fallback = &trigger->payload};
    Err err = {0};

    buf_clear(ctx->scratch);
    Status st = template_render(template, &input, ESCAPE_NONE, ctx->scratch, &err);
    if (st == ST_OK) st = buf_status(ctx->scratch);
    if (st == ST_OK) return ST_OK;
    return err_set(ret_cause, ST_INVALID, "the template's %s could not be rendered: %s", what,
                   err.text[0] ? err.text : status_text(st));
}

/* E.2: the subject line; else variables.title; else a word. */
static Status plan_title(const PlanContext *ctx, const Trigger *trigger, const Template *subject,
                         Str *ret_title, Err *ret_cause)
{
    const Json *variables = &trigger->variables;

    if (subject) {
        Status st = render(ctx, trigger, subject, "subject", ret_cause);
        if (st != ST_OK) return st;
        return keep(ctx, text_cut(buf_view(ctx->scratch), TITLE_MAX), ret_title);
    }
    JsonRef title = json_get(variables, 0, S("title"));
    Str text = S("");
    if (json_is(variables, title, JSON_STRING) && !json_string(variables, title, ctx->arena, &text))
        return ST_TOO_BIG;
    *ret_title = text.len ? text_cut(text, TITLE_MAX) : S("Notification");
    return ST_OK;
}

/* A long title may lose its tail; half a message could say the opposite of the whole, so it fails. */
static Status plan_body(const PlanContext *ctx, const Trigger *trigger, const Template *body,
                        Str *ret_body, Err *ret_cause)
{
    Status st = render(ctx, trigger, body, "body", ret_cause);
    if (st != ST_OK) return st;
    if (buf_len(ctx->scratch) > PUSH_BODY_MAX)
        return err_set(ret_cause, ST_INVALID, "the rendered body is longer than %d bytes",
                       PUSH_BODY_MAX);
    return keep(ctx, buf_view(ctx->scratch), ret_body);
}

static Status plan_channel(const PlanContext *ctx, const Trigger *trigger, Str target,
                           Str *ret_channel, Err *ret_cause)
{
    Buf *b = ctx->scratch;

    buf_clear(b);
    buf_add(b, target.len ? target : S("global_system"));
    buf_add_byte(b, '#');
    buf_add(b, trigger->user_id);
    if (buf_len(b) > CHANNEL_NAME_MAX)
        return err_set(ret_cause, ST_INVALID, "the channel's name is longer than %d bytes",
                       CHANNEL_NAME_MAX);
    return keep(ctx, buf_view(b), ret_channel);
}

/* ---- the publication ---- */

static void put_member(Buf *b, Str opening, Str text)
{
    buf_add(b, opening);
    json_put_string(b, text);
}

static void put_publication(const PlanContext *ctx, const Trigger *trigger,
                            const NotificationPlan *n, bool with_data)
{
    Buf *b = ctx->scratch;
    char id[UUID_TEXT_LEN], created_at[ISO_MS_LEN];

    uuid_text(n->id, id);
    iso_ms(ctx->now_ms, created_at);
    buf_clear(b);
    put_member(b, S("{\"title\":"), n->title);
    put_member(b, S(",\"body\":"), n->body);
    put_member(b, S(",\"category\":"), trigger->event_type);
    put_member(b, S(",\"eventType\":"), trigger->event_type);
    put_member(b, S(",\"id\":"), str_make(id, sizeof id));
    put_member(b, S(",\"created_at\":"), str_make(created_at, sizeof created_at));
    if (with_data) {
        buf_lit(b, ",\"data\":");
        json_put_raw_line(b, trigger->variables_raw);
    } else {
        buf_lit(b, ",\"dataOmitted\":true");
    }
    buf_add_byte(b, '}');
}

static bool publication_fits(const Buf *b)
{
    return buf_status(b) == ST_OK && buf_len(b) <= PUBLICATION_MAX;
}

static Status plan_data(const PlanContext *ctx, const Trigger *trigger,
                        const NotificationPlan *notification, Str *ret_data, Err *ret_cause)
{
    put_publication(ctx, trigger, notification, true);
    if (!publication_fits(ctx->scratch)) put_publication(ctx, trigger, notification, false);
    if (!publication_fits(ctx->scratch)) /* escapes can make a text six times as long */
        return err_set(ret_cause, ST_INVALID,
                       "the notification is larger than the %d bytes of a realtime message",
                       PUBLICATION_MAX);
    return keep(ctx, buf_view(ctx->scratch), ret_data);
}

/* ---- for the dialects that show a notification in their own words ---- */

/* variables.<name> when it is a text, cut; else "". */
static Status plan_word(const PlanContext *ctx, const Trigger *trigger, Str name, Str *ret_word)
{
    const Json *variables = &trigger->variables;
    JsonRef at = json_get(variables, 0, name);
    Str word = S("");

    if (json_is(variables, at, JSON_STRING) && !json_string(variables, at, ctx->arena, &word))
        return ST_TOO_BIG;
    *ret_word = text_cut(word, PRODUCT_NAME_MAX);
    return ST_OK;
}

static Status plan_bridge(const PlanContext *ctx, const Trigger *trigger, NotificationPlan *n)
{
    n->bridged = ctx->tenant->bridge_dialects;
    n->product_name = n->expiry_date = S("");
    if (!n->bridged) return ST_OK;
    Status st = plan_word(ctx, trigger, S("productName"), &n->product_name);
    return st == ST_OK ? plan_word(ctx, trigger, S("expiryDate"), &n->expiry_date) : st;
}
