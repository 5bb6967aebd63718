/* Resend's webhooks, signed as Svix does: headers svix-id, svix-timestamp and svix-signature, a list of
 * "v1,<base64 of HMAC-SHA256(key, id.timestamp.body)>"; the key is the base64 behind "whsec_". */
#include "base/base64.h"
#include "base/hash.h"
#include "base/isotime.h"
#include "driver/provider/kinds.h"
#include "driver/provider/kit.h"
#include "driver/provider/report_kit.h"
#include "driver/provider/resend.h"

enum { SECRET_TEXT_MAX = 256 };

static const ReportWord words[] = {
    {"email.sent", REPORT_SENT},
    {"email.delivered", REPORT_DELIVERED},
    {"email.delivery_delayed", REPORT_DEFERRED},
    {"email.bounced", REPORT_BOUNCED},
    {"email.complained", REPORT_COMPLAINED},
    {"email.opened", REPORT_OPENED},
    {"email.clicked", REPORT_CLICKED},
    {"email.failed", REPORT_FAILED},
};

/* Is one of the signatures in the list the expected one? */
static bool is_listed(Str list, const Sha256 *expected)
{
    while (list.at) {
        uint8_t sum[SHA256_BYTES];
        size_t len = 0;
        Str one = str_cut(&list, ' ');
        if (!str_starts(one, S("v1,")) || one.len != 3 + BASE64_LEN(SHA256_BYTES)) continue;
        if (!base64_decode(str_from(one, 3), sum, &len) || len != SHA256_BYTES) continue;
        if (bytes_equal(sum, expected->at, SHA256_BYTES)) return true;
    }
    return false;
}

static bool is_signed(Str secret, const StatusCall *call, Arena *arena)
{
    uint8_t key[SECRET_TEXT_MAX];
    size_t key_len = 0;
    Str prefix = S("whsec_");
    Str id = status_header(call, S("svix-id")), at = status_header(call, S("svix-timestamp"));
    if (!str_starts(secret, prefix) || secret.len > SECRET_TEXT_MAX) return false;
    if (!base64_decode(str_from(secret, prefix.len), key, &key_len) || key_len == 0) return false;
    if (!id.len || !report_is_fresh(call, at)) return false;
    Str head = kit_concat(arena, id, S("."), at);
    Str text = head.at ? kit_concat(arena, head, S("."), call->body) : head;
    if (!text.at) return false;
    Sha256 expected = hash_hmac_sha256(str_make(key, key_len), text);
    return is_listed(status_header(call, S("svix-signature")), &expected);
}

/* A bounce that the vendor calls transient says nothing about the next message. */
static ReportKind bounce_kind(const Json *j, JsonRef data)
{
    JsonRef type = json_get(j, json_get(j, data, S("bounce")), S("type"));
    return json_string_is(j, type, S("Transient")) ? REPORT_FAILED : REPORT_BOUNCED;
}

Status resend_report(const Credentials *credentials, const StatusCall *call, Arena *arena,
                     StatusReports *ret_reports, Err *err)
{
    Json j;
    ReportKind kind;
    int64_t at_ms;
    Str secret = credentials->value[RESEND_WEBHOOK_SECRET];
    if (!secret.len)
        return err_set(err, ST_UNAUTHORIZED,
                       "this provider has no webhookSecret; set it to the signing secret of "
                       "Resend's webhook");
    if (!is_signed(secret, call, arena))
        return err_set(err, ST_UNAUTHORIZED, "the svix-signature does not fit");
    if (json_parse(call->body, arena, &j, err) != ST_OK) return ST_INVALID;
    Status st = report_room(ret_reports, 1, arena, err);
    Str word = kit_json_text(&j, 0, S("type"), arena);
    if (st != ST_OK || !report_word(words, sizeof words / sizeof *words, word, &kind)) return st;
    JsonRef data = json_get(&j, 0, S("data"));
    if (kind == REPORT_BOUNCED) kind = bounce_kind(&j, data);
    JsonRef to = json_at(&j, json_get(&j, data, S("to")), 0);
    Str recipient = S("");
    if (!json_string(&j, to, arena, &recipient)) recipient = S("");
    if (!iso_parse(kit_json_text(&j, 0, S("created_at"), arena), &at_ms)) at_ms = 0;
    ret_reports->at[ret_reports->count++] = (StatusReport){
        .kind = kind,
        .provider_id = kit_json_text(&j, data, S("email_id"), arena),
        .recipient = kit_one_line(recipient, arena),
        .cause = kit_json_text(&j, json_get(&j, data, S("bounce")), S("message"), arena),
        .at_ms = at_ms,
    };
    return ST_OK;
}
