/* Africa's Talking's delivery reports and opt-outs: forms without any signature. What protects them is the
 * unguessable path they are told to call, and that ids we never got from it are dropped. */
#include "driver/provider/africastalking.h"
#include "driver/provider/kit.h"
#include "driver/provider/report_kit.h"
#include "proto/form.h"

static const ReportWord words[] = {
    {"Sent", REPORT_SENT},
    {"Submitted", REPORT_SENT},
    {"Buffered", REPORT_DEFERRED},
    {"Success", REPORT_DELIVERED},
    {"Delivered", REPORT_DELIVERED},
    {"Rejected", REPORT_FAILED},
    {"Failed", REPORT_FAILED},
    {"Expired", REPORT_FAILED},
    {"AbsentSubscriber", REPORT_FAILED},
};

Status africastalking_report(const Credentials *credentials, const StatusCall *call, Arena *arena,
                             StatusReports *ret_reports, Err *err)
{
    Form form;
    ReportKind kind = REPORT_UNSUBSCRIBED; /* an opt-out names a number and a sender, no message */
    (void)credentials;
    if (form_parse(call->body, arena, &form) != ST_OK)
        return err_set(err, ST_INVALID, "the body is no form");
    Status st = report_room(ret_reports, 1, arena, err);
    if (st != ST_OK) return st;
    Str id = form_value(&form, S("id")), reason = form_value(&form, S("failureReason"));
    Str number = form_value(&form, S("phoneNumber"));
    if (!id.len && (!number.len || !form_value(&form, S("senderId")).len))
        return err_set(err, ST_INVALID, "neither a delivery report nor an opt-out");
    Str word = form_value(&form, S("status"));
    if (id.len && !report_word(words, sizeof words / sizeof *words, word, &kind)) return ST_OK;
    if (str_is(reason, "UserInBlackList")) kind = REPORT_UNSUBSCRIBED;
    if (str_is(reason, "NotNetworkSubscriber")) kind = REPORT_BOUNCED;
    ret_reports->at[ret_reports->count++] = (StatusReport){
        .kind = kind,
        .provider_id = kit_one_line(id, arena),
        .recipient = kit_one_line(number, arena),
        .cause = kit_one_line(reason, arena),
    };
    return ST_OK;
}
