/* SendGrid's event webhook: an array of events, signed with ECDSA over timestamp and body. Our delivery id
 * comes back in each, because it went out in custom_args. */
#include "base/base64.h"
#include "driver/provider/kit.h"
#include "driver/provider/report_kit.h"
#include "driver/provider/sendgrid.h"
#include "proto/signature.h"

enum { KEY_TEXT_MAX = 512, SIGNATURE_TEXT_MAX = 256, EVENTS_MAX = 5000 };

static const ReportWord words[] = {
    {"processed", REPORT_SENT},
    {"deferred", REPORT_DEFERRED},
    {"delivered", REPORT_DELIVERED},
    {"bounce", REPORT_BOUNCED},
    {"dropped", REPORT_FAILED},
    {"open", REPORT_OPENED},
    {"click", REPORT_CLICKED},
    {"spamreport", REPORT_COMPLAINED},
    {"unsubscribe", REPORT_UNSUBSCRIBED},
    {"group_unsubscribe", REPORT_UNSUBSCRIBED},
};

static bool is_signed(Str public_key, const StatusCall *call, Arena *arena)
{
    uint8_t key[KEY_TEXT_MAX], signature[SIGNATURE_TEXT_MAX];
    size_t key_len = 0, len = 0;
    Str claimed = status_header(call, S("X-Twilio-Email-Event-Webhook-Signature"));
    Str at = status_header(call, S("X-Twilio-Email-Event-Webhook-Timestamp"));
    if (public_key.len > KEY_TEXT_MAX || !claimed.len || claimed.len > SIGNATURE_TEXT_MAX)
        return false;
    if (!base64_decode(public_key, key, &key_len) || !base64_decode(claimed, signature, &len))
        return false;
    if (!report_is_fresh(call, at)) return false;
    Str text = kit_concat(arena, at, call->body, S(""));
    return text.at &&
           signature_ecdsa_verifies(str_make(key, key_len), str_make(signature, len), text);
}

/* sg_message_id is the X-Message-Id of the send, a dot, and where it went through. */
static Str message_id(const Json *j, JsonRef event, Arena *arena)
{
    Str id = kit_json_text(j, event, S("sg_message_id"), arena);
    return str_cut(&id, '.');
}

static void read_event(const Json *j, JsonRef event, Arena *arena, StatusReports *reports)
{
    ReportKind kind;
    int64_t at_s = 0;
    Str word = kit_json_text(j, event, S("event"), arena);
    if (!report_word(words, sizeof words / sizeof *words, word, &kind)) return;
    /* "blocked" is a refusal of the moment, by the receiver's policy. */
    if (kind == REPORT_BOUNCED && json_string_is(j, json_get(j, event, S("type")), S("blocked")))
        kind = REPORT_FAILED;
    if (!json_i64(j, json_get(j, event, S("timestamp")), &at_s) || at_s < 0 ||
        at_s > INT64_MAX / 1000)
        at_s = 0;
    reports->at[reports->count++] = (StatusReport){
        .kind = kind,
        .provider_id = message_id(j, event, arena),
        .delivery_id = kit_json_text(j, event, S("deliveryId"), arena),
        .recipient = kit_json_text(j, event, S("email"), arena),
        .cause = kit_json_text(j, event, S("reason"), arena),
        .at_ms = at_s * 1000,
    };
}

Status sendgrid_report(const Credentials *credentials, const StatusCall *call, Arena *arena,
                       StatusReports *ret_reports, Err *err)
{
    Json j;
    Str key = credentials->value[SENDGRID_WEBHOOK_PUBLIC_KEY];
    if (!key.len)
        return err_set(err, ST_UNAUTHORIZED,
                       "this provider has no webhookPublicKey; set it to the verification key of "
                       "SendGrid's signed event webhook");
    if (!is_signed(key, call, arena))
        return err_set(err, ST_UNAUTHORIZED, "the webhook's signature does not fit");
    if (json_parse(call->body, arena, &j, err) != ST_OK) return ST_INVALID;
    uint32_t count = json_count(&j, 0);
    if (!json_is(&j, 0, JSON_ARRAY) || count > EVENTS_MAX)
        return err_set(err, ST_INVALID, "an event webhook is an array of at most %d", EVENTS_MAX);
    Status st = report_room(ret_reports, count, arena, err);
    if (st != ST_OK) return st;
    for (JsonRef event = json_first(&j, 0); event != JSON_NONE; event = json_next(&j, 0, event))
        read_event(&j, event, arena, ret_reports);
    return ST_OK;
}
