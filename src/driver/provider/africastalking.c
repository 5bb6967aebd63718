/* africastalking: SMS by POST /version1/messaging (https://developers.africastalking.com/docs/sms). For its
 * sandbox set baseUrl to https://api.sandbox.africastalking.com and the username to "sandbox".
 *
 * Its HTTP status is 201 whatever happened; what became of the message is the statusCode of its one
 * recipient: {"SMSMessageData":{"Message":"...","Recipients":[{"statusCode":101,"messageId":"..."}]}}.
 * No recipient at all is a failure too, and "Message" then says why. No idempotency key. */
#include "driver/provider/africastalking.h"
#include "driver/provider/kinds.h"
#include "driver/provider/kit.h"

enum { FIELD_USERNAME, FIELD_API_KEY, FIELD_FROM };

static const struct RecipientCode {
    int32_t code;
    OutcomeClass class;
    bool fail_over;
    const char *meaning;
} recipient_codes[] = {
    {100, OUTCOME_OK, false, "processed"},
    {101, OUTCOME_OK, false, "sent"},
    {102, OUTCOME_OK, false, "queued"},
    {401, OUTCOME_PERMANENT, false, "held as a risk"},
    {402, OUTCOME_CONFIGURATION, false, "invalid sender id"},
    {403, OUTCOME_SUPPRESS, false, "invalid phone number"},
    {404, OUTCOME_SUPPRESS, false, "unsupported number type"},
    {405, OUTCOME_CONFIGURATION, false, "insufficient balance"},
    {406, OUTCOME_SUPPRESS, false, "the user has opted out"},
    {407, OUTCOME_PERMANENT, true, "could not be routed"},
    {409, OUTCOME_PERMANENT, true, "rejected: do not disturb"},
    {500, OUTCOME_RETRY, false, "internal error"},
    {501, OUTCOME_RETRY, false, "gateway error"},
    {502, OUTCOME_RETRY, false, "rejected by the gateway"},
};

static Status africastalking_build(const Credentials *credentials, const Message *m, Arena *arena,
                                   ProviderRequest *ret_request, Err *err)
{
    Buf body;
    Str from = credentials->value[FIELD_FROM];
    kit_open(&body);
    kit_form_add(&body, S("username"), credentials->value[FIELD_USERNAME]);
    kit_form_add(&body, S("to"), m->to);
    kit_form_add(&body, S("message"), m->text);
    if (from.len) kit_form_add(&body, S("from"), from);
    Status st = kit_body(&body, S("application/x-www-form-urlencoded"), arena, ret_request, err);
    if (st != ST_OK) return st;
    ret_request->path = S("/version1/messaging");
    provider_add_header(ret_request, S("apiKey"), credentials->value[FIELD_API_KEY]);
    provider_add_header(ret_request, S("Accept"), S("application/json"));
    return ST_OK;
}

/* A 2xx: what became of the one recipient. */
static void read_recipient(const ProviderAnswer *answer, const Json *j, Arena *arena, Outcome *ret)
{
    int64_t code = 0;
    Str vendor = S("Africa's Talking");
    JsonRef data = json_get(j, 0, S("SMSMessageData"));
    JsonRef recipient = json_at(j, json_get(j, data, S("Recipients")), 0);
    if (!json_i64(j, json_get(j, recipient, S("statusCode")), &code)) {
        ret->class = recipient == JSON_NONE ? OUTCOME_CONFIGURATION : OUTCOME_AMBIGUOUS;
        ret->cause = kit_cause(answer, vendor, kit_json_text(j, data, S("Message"), arena), arena);
        return;
    }
    ret->provider_id = kit_json_text(j, recipient, S("messageId"), arena);
    ret->class = OUTCOME_PERMANENT;
    const char *meaning = "an unknown code";
    for (size_t i = 0; i < sizeof recipient_codes / sizeof *recipient_codes; i++) {
        if (recipient_codes[i].code != code) continue;
        ret->class = recipient_codes[i].class;
        ret->fail_over = recipient_codes[i].fail_over;
        meaning = recipient_codes[i].meaning;
    }
    if (ret->class == OUTCOME_OK) return;
    ret->provider_id = S("");
    ret->cause = kit_cause(answer, vendor,
                           arena_format(arena, "recipient code %lld, %s", (long long)code, meaning),
                           arena);
}

static void africastalking_read(const Message *message, const ProviderAnswer *answer, Arena *arena,
                                Outcome *ret_outcome)
{
    Json j;
    (void)message;
    bool is_json = kit_json(answer, arena, &j);
    kit_outcome(answer, S("Africa's Talking"), is_json ? S("") : answer->body, arena, ret_outcome);
    if (ret_outcome->class != OUTCOME_OK) return;
    if (is_json) {
        read_recipient(answer, &j, arena, ret_outcome);
        return;
    }
    ret_outcome->class = OUTCOME_AMBIGUOUS;
    ret_outcome->cause = kit_cause(answer, S("Africa's Talking"), S("without JSON"), arena);
}

const ProviderKind kind_africastalking = {
    .name = STR_INIT("africastalking"),
    .channels = CHANNEL_BIT(CHANNEL_SMS),
    .fields = {[FIELD_USERNAME] = {.name = STR_INIT("username"), .required = true},
               [FIELD_API_KEY] = {.name = STR_INIT("apiKey"), .required = true, .secret = true},
               [FIELD_FROM] = {.name = STR_INIT("from")}},
    .base_url = STR_INIT("https://api.africastalking.com"),
    .build = africastalking_build,
    .read = africastalking_read,
    .report = africastalking_report,
};
