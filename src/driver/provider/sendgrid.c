/* sendgrid: e-mail by POST /v3/mail/send (https://www.twilio.com/docs/sendgrid/api-reference/mail-send). It
 * knows no idempotency key: our id travels in custom_args and comes back in its event webhook, and a call
 * whose answer was lost is ambiguous.
 *
 * It takes a message over with an empty 202; errors are {"errors":[{"message","field","help"}]}. */
#include "driver/provider/kinds.h"
#include "driver/provider/kit.h"
#include "driver/provider/sendgrid.h"

static void put_address(Buf *b, Str opening, Str email, Str name)
{
    buf_add(b, opening);
    kit_json_member(b, S("{\"email\":"), email);
    if (name.len) kit_json_member(b, S(",\"name\":"), name);
    buf_lit(b, "}");
}

static Status sendgrid_build(const Credentials *credentials, const Message *m, Arena *arena,
                             ProviderRequest *ret_request, Err *err)
{
    Buf body;
    Str key = kit_bearer(credentials->value[SENDGRID_API_KEY], arena);
    if (!key.at) return err_set(err, ST_TOO_BIG, "the message is too large");
    kit_open(&body);
    put_address(&body, S("{\"personalizations\":[{\"to\":["), m->to, S(""));
    kit_json_member(&body, S("],\"custom_args\":{\"deliveryId\":"), m->id_text);
    kit_json_member(&body, S(",\"tenantId\":"), m->tenant_id);
    put_address(&body, S("}}],\"from\":"), m->from, m->from_name);
    kit_json_member(&body, S(",\"subject\":"), m->subject);
    kit_json_member(&body, S(",\"content\":[{\"type\":\"text/plain\",\"value\":"), m->text);
    if (m->html.len) kit_json_member(&body, S("},{\"type\":\"text/html\",\"value\":"), m->html);
    buf_lit(&body, "}]");
    kit_json_headers(&body, S(",\"headers\":"), m);
    kit_json_member(&body, S(",\"categories\":["), m->category);
    buf_lit(&body, "]}");
    Status st = kit_body(&body, S("application/json"), arena, ret_request, err);
    if (st != ST_OK) return st;
    ret_request->path = S("/v3/mail/send");
    provider_add_header(ret_request, S("Authorization"), key);
    return ST_OK;
}

static void sendgrid_read(const Message *message, const ProviderAnswer *answer, Arena *arena,
                          Outcome *ret_outcome)
{
    Json j;
    Str detail = S("");
    (void)message;
    if (kit_json(answer, arena, &j))
        detail = kit_json_text(&j, json_at(&j, json_get(&j, 0, S("errors")), 0), S("message"),
                               arena);
    kit_outcome(answer, S("SendGrid"), detail, arena, ret_outcome);
    if (ret_outcome->class == OUTCOME_OK)
        ret_outcome->provider_id = kit_header_text(answer, S("X-Message-Id"), arena);
}

const ProviderKind kind_sendgrid = {
    .name = STR_INIT("sendgrid"),
    .channels = CHANNEL_BIT(CHANNEL_EMAIL),
    .fields = {[SENDGRID_API_KEY] = {.name = STR_INIT("apiKey"), .required = true, .secret = true},
               [SENDGRID_WEBHOOK_PUBLIC_KEY] = {.name = STR_INIT("webhookPublicKey")}},
    .base_url = STR_INIT("https://api.sendgrid.com"),
    .needs_sender = true,
    .build = sendgrid_build,
    .read = sendgrid_read,
    .report = sendgrid_report,
};
