/* Every vendor against its documentation: the request, byte for byte, and what each answer means. */
#include "base/limits.h"
#include "check_test.h"
#include "driver/provider/kinds.h"
#include "driver/provider/kit.h"

#define ID "018f0000-0000-7000-8000-000000000001"

static Arena arena;

static Message an_email(void)
{
    static const ProviderHeader headers[] = {
        {STR_INIT("List-Unsubscribe"), STR_INIT("<https://n.example/u/1>")}};
    return (Message){.id_text = S(ID),
                     .channel = CHANNEL_EMAIL,
                     .tenant = S("acme"),
                     .tenant_id = S("T"),
                     .category = S("order.confirmed"),
                     .to = S("ada@example.com"),
                     .from = S("hi@acme.test"),
                     .from_name = S("Acme \"Inc\""),
                     .subject = S("Caf\xc3\xa9"),
                     .text = S("Hello\nAda"),
                     .html = S("<p>Hello</p>"),
                     .headers = headers,
                     .header_count = 1,
                     .created_ms = 784111777000};
}

static Message an_sms(void)
{
    return (Message){.id_text = S(ID),
                     .channel = CHANNEL_SMS,
                     .category = S("otp"),
                     .to = S("+254712345678"),
                     .text = S("Code 1 & 2")};
}

static const ProviderKind *kind_of(const char *name)
{
    const ProviderKind *kind = provider_kind_find(provider_kinds(), str_of(name));
    assert_non_null(kind);
    return kind;
}

static ProviderRequest build(const char *kind, const Credentials *credentials, const Message *m)
{
    ProviderRequest request = {0};
    assert_status(kind_of(kind)->build(credentials, m, &arena, &request, NULL), ST_OK);
    return request;
}

static Str header_of(const ProviderRequest *request, const char *name)
{
    for (uint32_t i = 0; i < request->header_count; i++)
        if (str_eq_nocase(request->headers[i].name, str_of(name))) return request->headers[i].value;
    return S("");
}

static Outcome read_answer(const char *kind, int status, const char *body)
{
    Message m = str_is(str_of(kind), "twilio") ? an_sms() : an_email();
    ProviderAnswer answer = {.arrival = ARRIVAL_ANSWERED, .status = status, .body = str_of(body)};
    Outcome outcome = {0};
    answer.headers[answer.header_count++] = (ProviderHeader){S("X-Message-Id"), S("SG1")};
    kind_of(kind)->read(&m, &answer, &arena, &outcome);
    return outcome;
}

typedef struct Answer {
    int status;
    const char *body;
    OutcomeClass class;
    const char *provider_id, *cause;
} Answer;

static void expect_answers(const char *kind, const Answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Outcome got = read_answer(kind, answers[i].status, answers[i].body);
        if (got.class != answers[i].class)
            fail_msg("%s %d %s: class %.*s", kind, answers[i].status, answers[i].body,
                     STR_FMT(outcome_class_name(got.class)));
        assert_str(got.provider_id, answers[i].provider_id);
        assert_str(got.cause, answers[i].cause);
    }
}
#define EXPECT_ANSWERS(kind, answers)                                                              \
    expect_answers(kind, answers, sizeof(answers) / sizeof *(answers))

TEST(resend_request)
{
    Message m = an_email();
    arena_init(&arena, MIB(4));
    ProviderRequest r = build("resend", &(Credentials){{S("re_key")}}, &m);
    assert_str(r.path, "/emails");
    assert_str(header_of(&r, "Authorization"), "Bearer re_key");
    assert_str(header_of(&r, "Idempotency-Key"), ID);
    assert_str(header_of(&r, "Content-Type"), "application/json");
    assert_str(r.body,
               "{\"from\":\"\\\"Acme \\\\\\\"Inc\\\\\\\"\\\" "
               "<hi@acme.test>\",\"to\":[\"ada@example.com\"],"
               "\"subject\":\"Caf\xc3\xa9\",\"html\":\"<p>Hello</p>\",\"text\":\"Hello\\nAda\","
               "\"headers\":{\"List-Unsubscribe\":\"<https://n.example/u/1>\"},"
               "\"tags\":[{\"name\":\"category\",\"value\":\"order_confirmed\"}]}");
    arena_done(&arena);
}

TEST(resend_answers)
{
    static const Answer answers[] = {
        {200, "{\"id\":\"e1\"}", OUTCOME_OK, "e1", ""},
        {200, "fine", OUTCOME_AMBIGUOUS, "", "Resend answered 200: without an id"},
        {400, "{\"name\":\"validation_error\",\"message\":\"bad\"}", OUTCOME_PERMANENT, "",
         "Resend answered 400: bad"},
        {401, "{\"name\":\"missing_api_key\",\"message\":\"no\"}", OUTCOME_CONFIGURATION, "",
         "Resend answered 401: no"},
        {403, "{\"name\":\"invalid_api_key\",\"message\":\"no\"}", OUTCOME_CONFIGURATION, "",
         "Resend answered 403: no"},
        {409, "{\"name\":\"invalid_idempotent_request\"}", OUTCOME_PERMANENT, "",
         "Resend answered 409"},
        {409, "{\"name\":\"concurrent_idempotent_requests\"}", OUTCOME_RETRY, "",
         "Resend answered 409"},
        {422, "{\"name\":\"invalid_from_address\"}", OUTCOME_PERMANENT, "", "Resend answered 422"},
        {429, "{\"name\":\"rate_limit_exceeded\"}", OUTCOME_RETRY_AFTER, "", "Resend answered 429"},
        {429, "{\"name\":\"daily_quota_exceeded\"}", OUTCOME_CONFIGURATION, "",
         "Resend answered 429"},
        {429, "{\"name\":\"monthly_quota_exceeded\"}", OUTCOME_CONFIGURATION, "",
         "Resend answered 429"},
        {500, "", OUTCOME_RETRY, "", "Resend answered 500"},
    };
    arena_init(&arena, MIB(4));
    EXPECT_ANSWERS("resend", answers);
    arena_done(&arena);
}

TEST(sendgrid_request)
{
    Message m = an_email();
    arena_init(&arena, MIB(4));
    ProviderRequest r = build("sendgrid", &(Credentials){{S("SG.key")}}, &m);
    assert_str(r.path, "/v3/mail/send");
    assert_str(header_of(&r, "Authorization"), "Bearer SG.key");
    assert_str(r.body,
               "{\"personalizations\":[{\"to\":[{\"email\":\"ada@example.com\"}],"
               "\"custom_args\":{\"deliveryId\":\"" ID "\",\"tenantId\":\"T\"}}],"
               "\"from\":{\"email\":\"hi@acme.test\",\"name\":\"Acme \\\"Inc\\\"\"},"
               "\"subject\":\"Caf\xc3\xa9\",\"content\":[{\"type\":\"text/plain\",\"value\":"
               "\"Hello\\nAda\"},{\"type\":\"text/html\",\"value\":\"<p>Hello</p>\"}],"
               "\"headers\":{\"List-Unsubscribe\":\"<https://n.example/u/1>\"},"
               "\"categories\":[\"order.confirmed\"]}");
    arena_done(&arena);
}

TEST(sendgrid_answers)
{
    static const char bad[] = "{\"errors\":[{\"message\":\"no subject\",\"field\":\"subject\"}]}";
    static const Answer answers[] = {
        {202, "", OUTCOME_OK, "SG1", ""},
        {400, bad, OUTCOME_PERMANENT, "", "SendGrid answered 400: no subject"},
        {401, bad, OUTCOME_CONFIGURATION, "", "SendGrid answered 401: no subject"},
        {403, bad, OUTCOME_CONFIGURATION, "", "SendGrid answered 403: no subject"},
        {404, "", OUTCOME_CONFIGURATION, "", "SendGrid answered 404"},
        {405, "", OUTCOME_CONFIGURATION, "", "SendGrid answered 405"},
        {413, "", OUTCOME_PERMANENT, "", "SendGrid answered 413"},
        {429, "", OUTCOME_RETRY_AFTER, "", "SendGrid answered 429"},
        {500, "<html>", OUTCOME_RETRY, "", "SendGrid answered 500"},
        {503, "", OUTCOME_RETRY, "", "SendGrid answered 503"},
    };
    arena_init(&arena, MIB(4));
    EXPECT_ANSWERS("sendgrid", answers);
    arena_done(&arena);
}

TEST(twilio_request)
{
    Message m = an_sms();
    arena_init(&arena, MIB(4));
    ProviderRequest r = build("twilio", &(Credentials){{S("AC1"), S("tok"), S("+15005550006")}},
                              &m);
    assert_str(r.path, "/2010-04-01/Accounts/AC1/Messages.json");
    assert_str(header_of(&r, "Authorization"), "Basic QUMxOnRvaw==");
    assert_str(r.body, "To=%2B254712345678&From=%2B15005550006&Body=Code+1+%26+2");
    m.callback_url = S("https://n.example/cb");
    r = build("twilio", &(Credentials){{S("AC1"), S("tok"), S("MG9")}}, &m);
    assert_str(r.body, "To=%2B254712345678&MessagingServiceSid=MG9&Body=Code+1+%26+2"
                       "&StatusCallback=https%3A%2F%2Fn.example%2Fcb");
    arena_done(&arena);
}

TEST(twilio_refuses_a_text_that_is_too_long)
{
    char text[3202];
    Message m = an_sms();
    ProviderRequest r = {0};
    Err err = {""};
    Credentials credentials = {{S("AC1"), S("tok"), S("MG9")}};
    arena_init(&arena, MIB(4));
    for (size_t i = 0; i < sizeof text; i += 2) memcpy(text + i, "\xc3\xa9", 2);
    m.text = str_make(text, 3200); /* 1,600 characters */
    assert_status(kind_twilio.build(&credentials, &m, &arena, &r, &err), ST_OK);
    m.text = str_make(text, 3202);
    assert_status(kind_twilio.build(&credentials, &m, &arena, &r, &err), ST_INVALID);
    assert_str(err_view(&err), "the text has 1601 characters; Twilio takes at most 1600");
    arena_done(&arena);
}

TEST(twilio_answers)
{
    static const Answer answers[] = {
        {201, "{\"sid\":\"SM1\",\"status\":\"queued\"}", OUTCOME_OK, "SM1", ""},
        {201, "{\"sid\":\"SM1\",\"status\":\"failed\",\"error_code\":30005}", OUTCOME_SUPPRESS,
         "SM1", "Twilio answered 201: failed"},
        {201, "{}", OUTCOME_AMBIGUOUS, "", "Twilio answered 201: without a sid"},
        {401, "{\"code\":20003,\"message\":\"Authenticate\"}", OUTCOME_CONFIGURATION, "",
         "Twilio answered 401: Authenticate"},
        {400, "{\"code\":21211,\"message\":\"bad To\"}", OUTCOME_SUPPRESS, "",
         "Twilio answered 400: bad To"},
        {400, "{\"code\":21610,\"message\":\"STOP\"}", OUTCOME_SUPPRESS, "",
         "Twilio answered 400: STOP"},
        {400, "{\"code\":21408,\"message\":\"geo\"}", OUTCOME_CONFIGURATION, "",
         "Twilio answered 400: geo"},
        {400, "{\"code\":21617,\"message\":\"long\"}", OUTCOME_PERMANENT, "",
         "Twilio answered 400: long"},
        {400, "{\"code\":99999,\"message\":\"?\"}", OUTCOME_PERMANENT, "",
         "Twilio answered 400: ?"},
        {429, "{\"code\":20429,\"message\":\"slow\"}", OUTCOME_RETRY_AFTER, "",
         "Twilio answered 429: slow"},
        {503, "", OUTCOME_RETRY, "", "Twilio answered 503"},
    };
    arena_init(&arena, MIB(4));
    EXPECT_ANSWERS("twilio", answers);
    arena_done(&arena);
}

TEST(africastalking_request)
{
    Message m = an_sms();
    arena_init(&arena, MIB(4));
    ProviderRequest r = build("africastalking", &(Credentials){{S("me"), S("atsk"), S("SHOP")}},
                              &m);
    assert_str(r.path, "/version1/messaging");
    assert_str(header_of(&r, "apiKey"), "atsk");
    assert_str(header_of(&r, "Accept"), "application/json");
    assert_str(r.body, "username=me&to=%2B254712345678&message=Code+1+%26+2&from=SHOP");
    arena_done(&arena);
}

static const char *at_answer(int code)
{
    return arena_format(
               &arena,
               "{\"SMSMessageData\":{\"Message\":\"Sent\",\"Recipients\":[{\"statusCode\":%d,"
               "\"messageId\":\"AT1\"}]}}",
               code)
        .at;
}

TEST(africastalking_answers_by_recipient_code)
{
    static const struct {
        int code;
        OutcomeClass class;
        bool fail_over;
    } codes[] = {
        {100, OUTCOME_OK, false},
        {101, OUTCOME_OK, false},
        {102, OUTCOME_OK, false},
        {401, OUTCOME_PERMANENT, false},
        {402, OUTCOME_CONFIGURATION, false},
        {403, OUTCOME_SUPPRESS, false},
        {404, OUTCOME_SUPPRESS, false},
        {405, OUTCOME_CONFIGURATION, false},
        {406, OUTCOME_SUPPRESS, false},
        {407, OUTCOME_PERMANENT, true},
        {409, OUTCOME_PERMANENT, true},
        {500, OUTCOME_RETRY, false},
        {501, OUTCOME_RETRY, false},
        {502, OUTCOME_RETRY, false},
        {777, OUTCOME_PERMANENT, false},
    };
    arena_init(&arena, MIB(4));
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        Outcome got = read_answer("africastalking", 201, at_answer(codes[i].code));
        assert_int_equal(got.class, codes[i].class);
        assert_int_equal(got.fail_over, codes[i].fail_over);
        assert_str(got.provider_id, got.class == OUTCOME_OK ? "AT1" : "");
        if (codes[i].code == 405)
            assert_str(got.cause, "Africa's Talking answered 201: recipient code 405, insufficient "
                                  "balance");
    }
    static const Answer answers[] = {
        {201, "{\"SMSMessageData\":{\"Message\":\"InvalidSenderId\",\"Recipients\":[]}}",
         OUTCOME_CONFIGURATION, "", "Africa's Talking answered 201: InvalidSenderId"},
        {201, "OK", OUTCOME_AMBIGUOUS, "", "Africa's Talking answered 201: without JSON"},
        {401, "The supplied authentication is invalid", OUTCOME_CONFIGURATION, "",
         "Africa's Talking answered 401: The supplied authentication is invalid"},
        {500, "", OUTCOME_RETRY, "", "Africa's Talking answered 500"},
    };
    EXPECT_ANSWERS("africastalking", answers);
    arena_done(&arena);
}

TEST(smtp_request)
{
    Message m = an_email();
    arena_init(&arena, MIB(4));
    Credentials c = {{S("mail.acme.test"), S(""), S("u"), S("p"), S("")}};
    ProviderRequest r = build("smtp", &c, &m);
    assert_int_equal(r.transport, TRANSPORT_SMTP);
    assert_int_equal(r.smtp.port, 587);
    assert_int_equal(r.smtp.tls, SMTP_TLS_STARTTLS);
    assert_str(r.smtp.mail_from, "hi@acme.test");
    assert_str(r.smtp.rcpt_to, "ada@example.com");
    assert_true(str_starts(r.smtp.data, S("Date: Sun, 06 Nov 1994 08:49:37 +0000\r\n")));
    Str id = S("\r\nMessage-ID: <" ID "@acme.test>\r\n");
    bool found = false;
    for (size_t i = 0; i < r.smtp.data.len; i++) found |= str_starts(str_from(r.smtp.data, i), id);
    assert_true(found);
    m.subject = S("a\r\nBcc: b@c.d");
    assert_status(kind_smtp.build(&c, &m, &arena, &r, NULL), ST_INVALID);
    arena_done(&arena);
}

TEST(smtp_checks_its_fields)
{
    static const struct {
        const char *host, *port, *user, *password, *tls, *wrong;
        int port_is, tls_is;
    } cases[] = {
        {"mail.x", "", "", "", "", NULL, 587, SMTP_TLS_STARTTLS},
        {"mail.x", "465", "", "", "", NULL, 465, SMTP_TLS_IMPLICIT},
        {"mail.x", "", "", "", "implicit", NULL, 465, SMTP_TLS_IMPLICIT},
        {"127.0.0.1", "25", "", "", "none", NULL, 25, SMTP_TLS_NONE},
        {"smtp://x", "25", "", "", "none", "host must be a name or an address, without a scheme", 0,
         0},
        {"", "25", "", "", "none", "host must be a name or an address, without a scheme", 0, 0},
        {"x", "0", "", "", "", "port must be 1 to 65535", 0, 0},
        {"x", "65536", "", "", "", "port must be 1 to 65535", 0, 0},
        {"x", "25", "", "", "ssl", "tls must be none, starttls or implicit", 0, 0},
        {"x", "25", "u", "", "", "username and password come together, or not at all", 0, 0},
    };
    Message m = an_email();
    arena_init(&arena, MIB(4));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Err err = {""};
        Credentials c = {{str_of(cases[i].host), str_of(cases[i].port), str_of(cases[i].user),
                          str_of(cases[i].password), str_of(cases[i].tls)}};
        Status st = kind_smtp.check(&c, &err);
        assert_status(st, cases[i].wrong ? ST_INVALID : ST_OK);
        if (cases[i].wrong) {
            assert_str(err_view(&err), cases[i].wrong);
            continue;
        }
        ProviderRequest r = build("smtp", &c, &m);
        assert_int_equal(r.smtp.port, cases[i].port_is);
        assert_int_equal((int)r.smtp.tls, cases[i].tls_is);
    }
    arena_done(&arena);
}

TEST(smtp_answers)
{
    static const Answer answers[] = {
        {250, "2.0.0 Ok: queued as 4XyZ", OUTCOME_OK, "4XyZ", ""},
        {250, "250 2.0.0 Ok: queued as 4XyZ with love", OUTCOME_OK, "4XyZ", ""},
        {250, "", OUTCOME_OK, "", ""},
        {421, "closing", OUTCOME_RETRY, "", "The mail server answered 421: closing"},
        {450, "4.2.1 busy", OUTCOME_RETRY, "", "The mail server answered 450: 4.2.1 busy"},
        {452, "", OUTCOME_RETRY, "", "The mail server answered 452"},
        {530, "auth first", OUTCOME_CONFIGURATION, "", "The mail server answered 530: auth first"},
        {534, "", OUTCOME_CONFIGURATION, "", "The mail server answered 534"},
        {535, "5.7.8 no", OUTCOME_CONFIGURATION, "", "The mail server answered 535: 5.7.8 no"},
        {550, "5.1.1 no such user", OUTCOME_SUPPRESS, "",
         "The mail server answered 550: 5.1.1 no such user"},
        {550, "550 5.1.1 no such user", OUTCOME_SUPPRESS, "",
         "The mail server answered 550: 5.1.1 no such user"},
        {550, "5.7.1 relaying denied", OUTCOME_CONFIGURATION, "",
         "The mail server answered 550: 5.7.1 relaying denied"},
        {550, "no", OUTCOME_PERMANENT, "", "The mail server answered 550: no"},
        {552, "5.2.2 full", OUTCOME_PERMANENT, "", "The mail server answered 552: 5.2.2 full"},
        {554, "", OUTCOME_PERMANENT, "", "The mail server answered 554"},
    };
    arena_init(&arena, MIB(4));
    EXPECT_ANSWERS("smtp", answers);
    arena_done(&arena);
}

TEST_MAIN()
