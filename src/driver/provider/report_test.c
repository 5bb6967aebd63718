/* Status webhooks: what is signed right is understood, what is not is refused. The vectors were made with
 * openssl's command line, not with our own code. */
#include "base/base64.h"
#include "base/limits.h"
#include "check_test.h"
#include "driver/provider/kinds.h"
#include "port/report.h"
#include "driver/provider/report_vectors.h"

static Arena arena;
static StatusReports reports;
static Err err;

static const ProviderKind *kind_of(const char *name)
{
    const ProviderKind *kind = provider_kind_find(provider_kinds(), str_of(name));
    assert_non_null(kind);
    assert_non_null(kind->report);
    return kind;
}

static Status call(const char *kind, Credentials credentials, const StatusCall *call)
{
    err = (Err){""};
    reports = (StatusReports){NULL, 0};
    return kind_of(kind)->report(&credentials, call, &arena, &reports, &err);
}

static void expect(size_t i, ReportKind kind, const char *provider_id, const char *recipient,
                   const char *cause)
{
    assert_true(i < reports.count);
    assert_string_equal(report_kind_name(reports.at[i].kind).at, report_kind_name(kind).at);
    assert_str(reports.at[i].provider_id, provider_id);
    assert_str(reports.at[i].recipient, recipient);
    assert_str(reports.at[i].cause, cause);
}

/* ---- Resend ---- */

static const Credentials resend_credentials = {{STR_INIT("re_1"), STR_INIT(RESEND_SECRET)}};

TEST(resend_reports)
{
    arena_init(&arena, MIB(4));
    ProviderHeader headers[] = {{S("svix-id"), S("msg_1")},
                                {S("Svix-Timestamp"), S("1800000000")},
                                {S("svix-signature"), S("v1,AAAA v1," RESEND_SIGNATURE)}};
    StatusCall c = {
        .headers = headers, .header_count = 3, .body = S(RESEND_BODY), .now_ms = 1800000100000};
    assert_status(call("resend", resend_credentials, &c), ST_OK);
    assert_int_equal(reports.count, 1);
    expect(0, REPORT_BOUNCED, "e1", "ada@example.com", "mailbox is gone");
    assert_int_equal(reports.at[0].at_ms, 1799999999000);

    c.now_ms += 400 * 1000; /* too old */
    assert_status(call("resend", resend_credentials, &c), ST_UNAUTHORIZED);
    c.now_ms = 1800000100000 - 500 * 1000; /* from the future */
    assert_status(call("resend", resend_credentials, &c), ST_UNAUTHORIZED);
    c.now_ms = 1800000100000;
    c.body = S(RESEND_BODY " ");
    assert_status(call("resend", resend_credentials, &c), ST_UNAUTHORIZED);
    c.body = S(RESEND_BODY);
    headers[0].value = S("msg_2");
    assert_status(call("resend", resend_credentials, &c), ST_UNAUTHORIZED);
    headers[0].value = S("msg_1");
    headers[2].value = S("v2," RESEND_SIGNATURE);
    assert_status(call("resend", resend_credentials, &c), ST_UNAUTHORIZED);
    assert_status(call("resend", (Credentials){{S("re_1"), S("")}}, &c), ST_UNAUTHORIZED);
    assert_true(str_starts(err_view(&err), S("this provider has no webhookSecret")));
    arena_done(&arena);
}

/* ---- SendGrid ---- */

TEST(sendgrid_reports)
{
    arena_init(&arena, MIB(4));
    ProviderHeader headers[] = {
        {S("X-Twilio-Email-Event-Webhook-Signature"), S(SENDGRID_SIGNATURE)},
        {S("X-Twilio-Email-Event-Webhook-Timestamp"), S("1800000000")}};
    StatusCall c = {
        .headers = headers, .header_count = 2, .body = S(SENDGRID_BODY), .now_ms = 1800000000000};
    Credentials credentials = {{S("SG.1"), S(SENDGRID_PUBLIC_KEY)}};
    assert_status(call("sendgrid", credentials, &c), ST_OK);
    assert_int_equal(reports.count, 4); /* group_resubscribe says nothing to us */
    expect(0, REPORT_DELIVERED, "SG1", "a@x.y", "");
    assert_str(reports.at[0].delivery_id, "D1");
    assert_int_equal(reports.at[0].at_ms, 1799999990000);
    expect(1, REPORT_BOUNCED, "SG2", "b@x.y", "550 no such user");
    expect(2, REPORT_FAILED, "SG3", "c@x.y", "policy");
    expect(3, REPORT_COMPLAINED, "SG4", "d@x.y", "");

    c.body = S(SENDGRID_BODY " ");
    assert_status(call("sendgrid", credentials, &c), ST_UNAUTHORIZED);
    c.body = S(SENDGRID_BODY);
    headers[1].value = S("1800000001");
    assert_status(call("sendgrid", credentials, &c), ST_UNAUTHORIZED);
    headers[1].value = S("1800000000");
    credentials.value[1] = S(SENDGRID_OTHER_KEY);
    assert_status(call("sendgrid", credentials, &c), ST_UNAUTHORIZED);
    credentials.value[1] = S("bm8=");
    assert_status(call("sendgrid", credentials, &c), ST_UNAUTHORIZED);
    credentials.value[1] = S("");
    assert_status(call("sendgrid", credentials, &c), ST_UNAUTHORIZED);
    arena_done(&arena);
}

/* ---- Twilio ---- */

TEST(twilio_reports)
{
    arena_init(&arena, MIB(4));
    ProviderHeader headers[] = {{S("X-Twilio-Signature"), S(TWILIO_SIGNATURE)}};
    StatusCall c = {
        .url = S(TWILIO_URL), .headers = headers, .header_count = 1, .body = S(TWILIO_BODY)};
    Credentials credentials = {{S("AC1"), S(TWILIO_TOKEN), S("MG1")}};
    assert_status(call("twilio", credentials, &c), ST_OK);
    assert_int_equal(reports.count, 1);
    expect(0, REPORT_BOUNCED, "SM1", "+254712345678", "Twilio error 30005");

    c.url = S("http://n.example/hooks/x");
    assert_status(call("twilio", credentials, &c), ST_UNAUTHORIZED);
    c.url = S(TWILIO_URL);
    c.body = S("MessageStatus=delivered&MessageSid=SM1");
    assert_status(call("twilio", credentials, &c), ST_UNAUTHORIZED);
    c.body = S(TWILIO_BODY);
    headers[0].value = S("");
    assert_status(call("twilio", credentials, &c), ST_UNAUTHORIZED);
    arena_done(&arena);
}

/* ---- Africa's Talking ---- */

TEST(africastalking_reports)
{
    static const struct {
        const char *body;
        Status st;
        size_t count;
        ReportKind kind;
        const char *cause;
    } cases[] = {
        {"id=AT1&status=Success&phoneNumber=%2B254700000000", ST_OK, 1, REPORT_DELIVERED, ""},
        {"id=AT1&status=Buffered&phoneNumber=%2B254700000000", ST_OK, 1, REPORT_DEFERRED, ""},
        {"id=AT1&status=Failed&phoneNumber=%2B254700000000&failureReason=InsufficientCredit", ST_OK,
         1, REPORT_FAILED, "InsufficientCredit"},
        {"id=AT1&status=Rejected&phoneNumber=%2B254700000000&failureReason=UserInBlackList", ST_OK,
         1, REPORT_UNSUBSCRIBED, "UserInBlackList"},
        {"id=AT1&status=Failed&phoneNumber=%2B254700000000&failureReason=NotNetworkSubscriber",
         ST_OK, 1, REPORT_BOUNCED, "NotNetworkSubscriber"},
        {"id=AT1&status=Surprising&phoneNumber=%2B254700000000", ST_OK, 0, 0, ""},
        {"phoneNumber=%2B254700000000&senderId=SHOP", ST_OK, 1, REPORT_UNSUBSCRIBED, ""},
        {"phoneNumber=%2B254700000000", ST_INVALID, 0, 0, ""},
        {"id=%zz", ST_INVALID, 0, 0, ""},
        {"", ST_INVALID, 0, 0, ""},
    };
    arena_init(&arena, MIB(4));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        StatusCall c = {.body = str_of(cases[i].body)};
        assert_status(call("africastalking", (Credentials){{S("me")}}, &c), cases[i].st);
        assert_int_equal(reports.count, cases[i].count);
        bool names_message = cases[i].count && str_starts(c.body, S("id="));
        if (cases[i].count)
            expect(0, cases[i].kind, names_message ? "AT1" : "", "+254700000000", cases[i].cause);
    }
    arena_done(&arena);
}

TEST(reports_are_ranked)
{
    assert_true(report_rank(REPORT_SENT) < report_rank(REPORT_DEFERRED));
    assert_true(report_rank(REPORT_FAILED) < report_rank(REPORT_DELIVERED));
    assert_true(report_rank(REPORT_DELIVERED) < report_rank(REPORT_OPENED));
    assert_true(report_rank(REPORT_OPENED) < report_rank(REPORT_COMPLAINED));
}

TEST_MAIN()
