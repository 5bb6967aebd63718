/* resend: e-mail by POST /emails (https://resend.com/docs/api-reference/emails/send-email). It keeps the
 * Idempotency-Key for a day, so a call whose answer was lost may be made again.
 *
 * What it answers when it refuses: {"statusCode":422,"name":"validation_error","message":"..."}; the name,
 * not the status, tells a spent quota from too many calls a second. */
#include "driver/provider/kinds.h"
#include "driver/provider/kit.h"
#include "driver/provider/resend.h"

/* Tag values may hold letters, digits, '_' and '-': an event type's dots become '_'. */
static Str tag_value(Str text, Arena *arena)
{
    char *at = arena_try(arena, text.len + 1);
    if (!at) return (Str){NULL, 0};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        at[i] = fine ? c : '_';
    }
    return str_make(at, text.len);
}

static Status resend_build(const Credentials *credentials, const Message *m, Arena *arena,
                           ProviderRequest *ret_request, Err *err)
{
    Buf body;
    Str tag = tag_value(m->category, arena);
    Str key = kit_bearer(credentials->value[RESEND_API_KEY], arena);
    if (!tag.at || !key.at) return err_set(err, ST_TOO_BIG, "the message is too large");
    kit_open(&body);
    kit_json_member(&body, S("{\"from\":"), kit_mailbox(m->from_name, m->from, arena));
    kit_json_member(&body, S(",\"to\":["), m->to);
    kit_json_member(&body, S("],\"subject\":"), m->subject);
    if (m->html.len) kit_json_member(&body, S(",\"html\":"), m->html);
    kit_json_member(&body, S(",\"text\":"), m->text);
    kit_json_headers(&body, S(",\"headers\":"), m);
    kit_json_member(&body, S(",\"tags\":[{\"name\":\"category\",\"value\":"), tag);
    buf_lit(&body, "}]}");
    Status st = kit_body(&body, S("application/json"), arena, ret_request, err);
    if (st != ST_OK) return st;
    ret_request->path = S("/emails");
    provider_add_header(ret_request, S("Authorization"), key);
    provider_add_header(ret_request, S("Idempotency-Key"), m->id_text);
    return ST_OK;
}

static OutcomeClass class_of(int status, Str name, OutcomeClass usual)
{
    if (str_is(name, "daily_quota_exceeded") || str_is(name, "monthly_quota_exceeded"))
        return OUTCOME_CONFIGURATION;
    if (str_is(name, "concurrent_idempotent_requests")) return OUTCOME_RETRY;
    if (str_is(name, "missing_api_key") || str_is(name, "restricted_api_key") ||
        str_is(name, "invalid_api_key"))
        return OUTCOME_CONFIGURATION;
    return status == 405 ? OUTCOME_PERMANENT : usual;
}

static void resend_read(const Message *message, const ProviderAnswer *answer, Arena *arena,
                        Outcome *ret_outcome)
{
    Json j;
    Str name = S(""), detail = S("");
    (void)message;
    bool is_json = kit_json(answer, arena, &j);
    if (is_json) {
        name = kit_json_text(&j, 0, S("name"), arena);
        detail = kit_json_text(&j, 0, S("message"), arena);
        ret_outcome->provider_id = kit_json_text(&j, 0, S("id"), arena);
    }
    kit_outcome(answer, S("Resend"), detail, arena, ret_outcome);
    if (ret_outcome->class != OUTCOME_OK) {
        ret_outcome->class = class_of(answer->status, name, ret_outcome->class);
        ret_outcome->provider_id = S("");
    } else if (ret_outcome->provider_id.len == 0) {
        ret_outcome->class = OUTCOME_AMBIGUOUS;
        ret_outcome->cause = kit_cause(answer, S("Resend"), S("without an id"), arena);
    }
}

const ProviderKind kind_resend = {
    .name = STR_INIT("resend"),
    .channels = CHANNEL_BIT(CHANNEL_EMAIL),
    .fields = {[RESEND_API_KEY] = {.name = STR_INIT("apiKey"), .required = true, .secret = true},
               [RESEND_WEBHOOK_SECRET] = {.name = STR_INIT("webhookSecret"), .secret = true}},
    .base_url = STR_INIT("https://api.resend.com"),
    .takes_key = true,
    .needs_sender = true,
    .per_second = 2, /* the lower of the two figures it publishes; its headers raise it */
    .build = resend_build,
    .read = resend_read,
    .report = resend_report,
};
