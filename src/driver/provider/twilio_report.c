/* Twilio's status callbacks: a form, signed over the URL it was told to call and the sorted fields. The URL
 * must be the public one: behind a proxy it is not what the request says, so the caller rebuilds it from
 * the setting public_url. */
#include "base/base64.h"
#include "base/hash.h"
#include "driver/provider/kit.h"
#include "driver/provider/report_kit.h"
#include "driver/provider/twilio.h"
#include "driver/provider/twilio_code.h"
#include "proto/form.h"
#include "proto/signature.h"

static const ReportWord words[] = {
    {"accepted", REPORT_SENT},   {"queued", REPORT_SENT},        {"scheduled", REPORT_SENT},
    {"sending", REPORT_SENT},    {"sent", REPORT_SENT},          {"delivered", REPORT_DELIVERED},
    {"read", REPORT_OPENED},     {"undelivered", REPORT_FAILED}, {"failed", REPORT_FAILED},
    {"canceled", REPORT_FAILED},
};

static Status is_signed(Str token, const StatusCall *call, Form *form, Err *err)
{
    uint8_t sum[SHA1_BYTES], claimed[SHA1_BYTES + 3];
    size_t len = 0;
    Str header = status_header(call, S("X-Twilio-Signature"));
    Buf text;
    buf_init(&text, call->url.len + 2 * call->body.len + 1);
    buf_add(&text, call->url);
    form_sort(form);
    for (size_t i = 0; i < form->count; i++) {
        buf_add(&text, form->at[i].name);
        buf_add(&text, form->at[i].value);
    }
    signature_hmac_sha1(token, buf_view(&text), sum);
    bool fits = buf_status(&text) == ST_OK && header.len == BASE64_LEN(SHA1_BYTES) &&
                base64_decode(header, claimed, &len) && len == SHA1_BYTES &&
                bytes_equal(claimed, sum, SHA1_BYTES);
    buf_done(&text);
    return fits ? ST_OK
                : err_set(err, ST_UNAUTHORIZED,
                          "the X-Twilio-Signature does not fit; is the setting public_url the "
                          "address that Twilio calls?");
}

Status twilio_report(const Credentials *credentials, const StatusCall *call, Arena *arena,
                     StatusReports *ret_reports, Err *err)
{
    Form form;
    ReportKind kind;
    uint64_t code = 0;
    if (form_parse(call->body, arena, &form) != ST_OK)
        return err_set(err, ST_INVALID, "the body is no form");
    Status st = is_signed(credentials->value[TWILIO_AUTH_TOKEN], call, &form, err);
    if (st == ST_OK) st = report_room(ret_reports, 1, arena, err);
    Str word = form_value(&form, S("MessageStatus"));
    if (st != ST_OK || !report_word(words, sizeof words / sizeof *words, word, &kind)) return st;
    if (!str_to_u64(form_value(&form, S("ErrorCode")), &code) || code > INT32_MAX) code = 0;
    if (kind == REPORT_FAILED && twilio_code_class((int64_t)code, OUTCOME_OK) == OUTCOME_SUPPRESS)
        kind = REPORT_BOUNCED;
    ret_reports->at[ret_reports->count++] = (StatusReport){
        .kind = kind,
        .provider_id = kit_one_line(form_value(&form, S("MessageSid")), arena),
        .recipient = kit_one_line(form_value(&form, S("To")), arena),
        .cause = code ? arena_format(arena, "Twilio error %llu", (unsigned long long)code) : S(""),
    };
    return ST_OK;
}
