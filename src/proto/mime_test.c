#include "proto/mime.h"

#include "base/limits.h"
#include "check_test.h"

static Buf out;

static void begin(void)
{
    buf_init(&out, MIB(1));
}

static void expect(const char *expected)
{
    assert_str(buf_view(&out), expected);
    buf_done(&out);
}

TEST(mime_date_is_rfc_5322)
{
    char date[MIME_DATE_LEN];
    mime_date(784111777000, date);
    assert_str(str_make(date, sizeof date), "Sun, 06 Nov 1994 08:49:37 +0000");
    mime_date(0, date);
    assert_str(str_make(date, sizeof date), "Thu, 01 Jan 1970 00:00:00 +0000");
}

TEST(mime_quoted_printable_escapes_what_transports_touch)
{
    static const struct {
        const char *text, *encoded;
    } cases[] = {
        {"", ""},
        {"a b", "a b\r\n"},
        {"a=b", "a=3Db\r\n"},
        {"\xc3\xa9", "=C3=A9\r\n"},
        {"a \nb\t", "a=20\r\nb=09\r\n"},
        {"a\r\nb\rc\nd", "a\r\nb\r\nc\r\nd\r\n"},
        {".\n.a\na.", "=2E\r\n=2Ea\r\na.\r\n"},
        {"From me", "=46rom me\r\n"},
        {"\n\n", "\r\n\r\n"},
        {"a\n", "a\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        mime_quoted_printable(&out, str_of(cases[i].text));
        expect(cases[i].encoded);
    }
}

TEST(mime_quoted_printable_keeps_lines_short)
{
    char text[500];
    memset(text, 'x', sizeof text);
    text[100] = '=';
    begin();
    mime_quoted_printable(&out, str_make(text, sizeof text));
    for (Str rest = buf_view(&out), line; rest.at && rest.len;) {
        line = str_cut(&rest, '\n');
        assert_true(line.len <= 77 && line.at[line.len - 1] == '\r');
    }
    buf_done(&out);
}

TEST(mime_header_folds_and_encodes)
{
    begin();
    mime_header(&out, S("Subject"), S("Order 17 confirmed"));
    expect("Subject: Order 17 confirmed\r\n");
    begin();
    mime_header(&out, S("Subject"), S("\xe2\x9c\x93 done"));
    expect("Subject: =?UTF-8?B?4pyTIGRvbmU=?=\r\n");
    begin(); /* looks encoded: so it is, or a reader would decode it */
    mime_header(&out, S("Subject"), S("=?UTF-8?B?aGE=?="));
    expect("Subject: =?UTF-8?B?PT9VVEYtOD9CP2FHRT0/PQ==?=\r\n");
    begin(); /* wherever it stands */
    mime_header(&out, S("Subject"), S("so =?UTF-8?Q?no?="));
    expect("Subject: =?UTF-8?B?c28gPT9VVEYtOD9RP25vPz0=?=\r\n");
    begin(); /* the first word stays behind the name, however long: a blank there would be the value's */
    mime_header(&out, S("List-Unsubscribe-Explanation-Of-Some-Length-For-The-People"),
                S("\xc3\xa9\xc3\xa9\xc3\xa9"));
    expect("List-Unsubscribe-Explanation-Of-Some-Length-For-The-People: =?UTF-8?B?w6k=?=\r\n"
           " =?UTF-8?B?w6nDqQ==?=\r\n");
    begin();
    mime_header(
        &out, S("Subject"),
        S("a very long subject that goes on and on until it has to be folded somewhere nice"));
    expect("Subject: a very long subject that goes on and on until it has to be folded\r\n"
           " somewhere nice\r\n");
    begin(); /* no character is cut by the end of an encoded word */
    mime_header(&out, S("S"),
                S("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                  "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                  "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9x"
                  "\xc3\xa9"));
    expect("S: =?UTF-8?B?w6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOp?=\r\n"
           " =?UTF-8?B?eMOp?=\r\n");
}

static Mail plain_mail(void)
{
    return (Mail){.from = S("a@b.c"),
                  .from_name = S("A \"B\" C"),
                  .to = S("x@y.z"),
                  .subject = S("Hi"),
                  .message_id = S("1@b.c"),
                  .date_ms = 784111777000,
                  .text = S("hello"),
                  .boundary = S("=_1")};
}

TEST(mime_writes_a_plain_mail)
{
    Mail mail = plain_mail();
    begin();
    assert_status(mime_write(&mail, &out, NULL), ST_OK);
    expect("Date: Sun, 06 Nov 1994 08:49:37 +0000\r\n"
           "From: \"A \\\"B\\\" C\" <a@b.c>\r\n"
           "To: <x@y.z>\r\n"
           "Subject: Hi\r\n"
           "Message-ID: <1@b.c>\r\n"
           "MIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=utf-8\r\n"
           "Content-Transfer-Encoding: quoted-printable\r\n"
           "\r\n"
           "hello\r\n");
}

TEST(mime_encodes_a_name_that_is_too_long_to_quote)
{
    char name[900];
    Mail mail = plain_mail();
    memset(name, '"', sizeof name); /* quoted it would be 1,800 bytes in one line */
    mail.from_name = str_make(name, sizeof name);
    begin();
    assert_status(mime_write(&mail, &out, NULL), ST_OK);
    for (Str rest = buf_view(&out); rest.at && rest.len;)
        assert_true(str_cut(&rest, '\n').len <= 78);
    buf_done(&out);
}

TEST(mime_writes_alternatives_text_first)
{
    Mail mail = plain_mail();
    MimeHeader unsubscribe = {S("List-Unsubscribe"), S("<https://n.example/u/1>")};
    mail.from_name = S("");
    mail.html = S("<p>h\xc3\xa9</p>");
    mail.headers = &unsubscribe;
    mail.header_count = 1;
    begin();
    assert_status(mime_write(&mail, &out, NULL), ST_OK);
    expect("Date: Sun, 06 Nov 1994 08:49:37 +0000\r\n"
           "From: <a@b.c>\r\n"
           "To: <x@y.z>\r\n"
           "Subject: Hi\r\n"
           "Message-ID: <1@b.c>\r\n"
           "List-Unsubscribe: <https://n.example/u/1>\r\n"
           "MIME-Version: 1.0\r\n"
           "Content-Type: multipart/alternative;\r\n"
           " boundary=\"=_1\"\r\n"
           "\r\n"
           "--=_1\r\n"
           "Content-Type: text/plain; charset=utf-8\r\n"
           "Content-Transfer-Encoding: quoted-printable\r\n"
           "\r\n"
           "hello\r\n"
           "--=_1\r\n"
           "Content-Type: text/html; charset=utf-8\r\n"
           "Content-Transfer-Encoding: quoted-printable\r\n"
           "\r\n"
           "<p>h=C3=A9</p>\r\n"
           "--=_1--\r\n");
}

TEST(mime_refuses_line_breaks_in_headers)
{
    static const char *const bad[] = {"a\r\nBcc: x@y.z", "a\nb", "a\rb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Str text = str_of(bad[i]);
        MimeHeader header = {S("X-A"), text};
        Mail mails[6];
        for (size_t n = 0; n < 6; n++) mails[n] = plain_mail();
        mails[0].subject = text;
        mails[1].to = text;
        mails[2].from = text;
        mails[3].from_name = text;
        mails[4].message_id = text;
        mails[5].headers = &header;
        mails[5].header_count = 1;
        for (size_t n = 0; n < 6; n++) {
            Err err = {""};
            begin();
            assert_status(mime_write(&mails[n], &out, &err), ST_INVALID);
            assert_true(str_ends(err_view(&err), S("holds a line break or a NUL byte")));
            assert_int_equal(buf_len(&out), 0);
            buf_done(&out);
        }
    }
    Mail mail = plain_mail();
    mail.subject = str_make("a\0b", 3);
    begin();
    assert_status(mime_write(&mail, &out, NULL), ST_INVALID);
    buf_done(&out);
}

TEST_MAIN()
