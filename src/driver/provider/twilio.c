/* twilio: SMS by POST /2010-04-01/Accounts/{sid}/Messages.json (https://www.twilio.com/docs/messaging/api).
 *
 * The status of its answer says little, its error codes say all: {"code":21610,"message":"..."} when it
 * refuses, "error_code" within a 201 when it has taken a message and already failed it. No idempotency
 * key: a call whose answer was lost is ambiguous. The same codes come in its callbacks. */
#include "driver/provider/kinds.h"
#include "driver/provider/kit.h"
#include "driver/provider/twilio.h"
#include "driver/provider/twilio_code.h"

enum { TEXT_CHARACTERS_MAX = 1600 };

static Status twilio_check(const Credentials *credentials, Err *err)
{
    Str sid = credentials->value[TWILIO_ACCOUNT_SID];
    for (size_t i = 0; i < sid.len; i++) {
        char c = sid.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return err_set(err, ST_INVALID,
                           "accountSid must be letters and digits, like AC0123...");
    }
    return ST_OK;
}

static size_t characters(Str utf8)
{
    size_t count = 0;
    for (size_t i = 0; i < utf8.len; i++) count += ((uint8_t)utf8.at[i] & 0xc0) != 0x80;
    return count;
}

static Status twilio_build(const Credentials *credentials, const Message *m, Arena *arena,
                           ProviderRequest *ret_request, Err *err)
{
    Buf body;
    Str sid = credentials->value[TWILIO_ACCOUNT_SID], from = credentials->value[TWILIO_FROM];
    if (characters(m->text) > TEXT_CHARACTERS_MAX)
        return err_set(err, ST_INVALID, "the text has %zu characters; Twilio takes at most %d",
                       characters(m->text), TEXT_CHARACTERS_MAX);
    Str basic = kit_basic(sid, credentials->value[TWILIO_AUTH_TOKEN], arena);
    Str path = kit_concat(arena, S("/2010-04-01/Accounts/"), sid, S("/Messages.json"));
    if (!basic.at || !path.at) return err_set(err, ST_TOO_BIG, "the message is too large");
    kit_open(&body);
    kit_form_add(&body, S("To"), m->to);
    kit_form_add(&body, str_starts(from, S("MG")) ? S("MessagingServiceSid") : S("From"), from);
    kit_form_add(&body, S("Body"), m->text);
    if (m->callback_url.len) kit_form_add(&body, S("StatusCallback"), m->callback_url);
    Status st = kit_body(&body, S("application/x-www-form-urlencoded"), arena, ret_request, err);
    if (st != ST_OK) return st;
    ret_request->path = path;
    provider_add_header(ret_request, S("Authorization"), basic);
    return ST_OK;
}

static int64_t code_of(const Json *j, Str name)
{
    int64_t code = 0;
    return json_i64(j, json_get(j, 0, name), &code) ? code : 0;
}

static void twilio_read(const Message *message, const ProviderAnswer *answer, Arena *arena,
                        Outcome *ret_outcome)
{
    Json j;
    int64_t code = 0;
    Str detail = S("");
    (void)message;
    bool is_json = kit_json(answer, arena, &j);
    if (is_json) {
        code = code_of(&j, S("code")) ? code_of(&j, S("code")) : code_of(&j, S("error_code"));
        detail = kit_json_text(&j, 0, S("message"), arena);
        if (!detail.len) detail = kit_json_text(&j, 0, S("error_message"), arena);
    }
    kit_outcome(answer, S("Twilio"), detail, arena, ret_outcome);
    if (ret_outcome->class == OUTCOME_OK) {
        ret_outcome->provider_id = is_json ? kit_json_text(&j, 0, S("sid"), arena) : S("");
        Str status = is_json ? kit_json_text(&j, 0, S("status"), arena) : S("");
        if (!str_is(status, "failed") && !str_is(status, "undelivered")) {
            if (ret_outcome->provider_id.len) return;
            ret_outcome->class = OUTCOME_AMBIGUOUS;
            ret_outcome->cause = kit_cause(answer, S("Twilio"), S("without a sid"), arena);
            return;
        }
        ret_outcome->class = OUTCOME_PERMANENT;
        ret_outcome->cause = kit_cause(answer, S("Twilio"), detail.len ? detail : status, arena);
    }
    if (code) ret_outcome->class = twilio_code_class(code, ret_outcome->class);
}

const ProviderKind kind_twilio = {
    .name = STR_INIT("twilio"),
    .channels = CHANNEL_BIT(CHANNEL_SMS),
    .fields = {[TWILIO_ACCOUNT_SID] = {.name = STR_INIT("accountSid"), .required = true},
               [TWILIO_AUTH_TOKEN] = {.name = STR_INIT("authToken"),
                                      .required = true,
                                      .secret = true},
               [TWILIO_FROM] = {.name = STR_INIT("from"), .required = true}},
    .base_url = STR_INIT("https://api.twilio.com"),
    .check = twilio_check,
    .build = twilio_build,
    .read = twilio_read,
    .report = twilio_report,
};
