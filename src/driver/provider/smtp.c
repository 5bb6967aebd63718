/* smtp: e-mail to any submission server (RFC 5321, 6409). The mail is built here, the conversation is the
 * carrier's. Its Message-ID is made from the delivery's id, the same in every attempt, so that a receiver can
 * drop a repeat; servers themselves do not, so a call cut after the final dot is ambiguous. */
#include "base/limits.h"
#include "driver/provider/kinds.h"
#include "driver/provider/kit.h"
#include "proto/mime.h"

enum { FIELD_HOST, FIELD_PORT, FIELD_USERNAME, FIELD_PASSWORD, FIELD_TLS };
enum { PORT_SUBMISSIONS = 465, PORT_SUBMISSION = 587 };

static bool port_of(const Credentials *c, uint16_t *ret_port)
{
    uint64_t port;
    Str text = c->value[FIELD_PORT];
    if (text.len == 0) {
        *ret_port = str_is(c->value[FIELD_TLS], "implicit") ? PORT_SUBMISSIONS : PORT_SUBMISSION;
        return true;
    }
    if (!str_to_u64(text, &port) || port == 0 || port > UINT16_MAX) return false;
    *ret_port = (uint16_t)port;
    return true;
}

/* Without a word: encrypted, the way the port is known for. */
static bool tls_of(const Credentials *c, uint16_t port, SmtpTls *ret_tls)
{
    Str tls = c->value[FIELD_TLS];
    if (tls.len == 0)
        *ret_tls = port == PORT_SUBMISSIONS ? SMTP_TLS_IMPLICIT : SMTP_TLS_STARTTLS;
    else if (str_is(tls, "none"))
        *ret_tls = SMTP_TLS_NONE;
    else if (str_is(tls, "starttls"))
        *ret_tls = SMTP_TLS_STARTTLS;
    else if (str_is(tls, "implicit"))
        *ret_tls = SMTP_TLS_IMPLICIT;
    else
        return false;
    return true;
}

static bool is_host(Str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '.' || c == ':' || c == '[' || c == ']';
        if (!fine) return false;
    }
    return host.len > 0 && host.len <= 255;
}

static Status smtp_check(const Credentials *c, Err *err)
{
    uint16_t port;
    SmtpTls tls;
    if (!is_host(c->value[FIELD_HOST]))
        return err_set(err, ST_INVALID, "host must be a name or an address, without a scheme");
    if (!port_of(c, &port)) return err_set(err, ST_INVALID, "port must be 1 to 65535");
    if (!tls_of(c, port, &tls))
        return err_set(err, ST_INVALID, "tls must be none, starttls or implicit");
    if ((c->value[FIELD_USERNAME].len > 0) != (c->value[FIELD_PASSWORD].len > 0))
        return err_set(err, ST_INVALID, "username and password come together, or not at all");
    return ST_OK;
}

/* <delivery id>@<the sender's domain> */
static Str message_id(const Message *m, Arena *arena)
{
    ptrdiff_t at = str_find_last(m->from, '@');
    Str domain = at < 0 ? S("localhost") : str_from(m->from, (size_t)at + 1);
    return kit_concat(arena, m->id_text, S("@"), domain);
}

static Status write_mail(const Message *m, Arena *arena, Str *ret_mail, Err *err)
{
    Buf out;
    MimeHeader headers[PROVIDER_HEADERS_MAX];
    Mail mail = {.from = m->from,
                 .from_name = m->from_name,
                 .to = m->to,
                 .subject = m->subject,
                 .message_id = message_id(m, arena),
                 .date_ms = m->created_ms,
                 .text = m->text,
                 .html = m->html,
                 .boundary = kit_concat(arena, S("=_"), m->id_text, S("")),
                 .headers = headers,
                 .header_count = m->header_count};
    CHECK(m->header_count <= PROVIDER_HEADERS_MAX);
    for (uint32_t i = 0; i < m->header_count; i++)
        headers[i] = (MimeHeader){m->headers[i].name, m->headers[i].value};
    if (!mail.message_id.at || !mail.boundary.at)
        return err_set(err, ST_TOO_BIG, "the mail is too large");
    buf_init(&out, PROVIDER_REQUEST_MAX);
    Status st = mime_write(&mail, &out, err);
    if (st == ST_OK && !arena_copy(arena, buf_view(&out), ret_mail))
        st = err_set(err, ST_TOO_BIG, "the mail is too large");
    buf_done(&out);
    return st;
}

static Status smtp_build(const Credentials *c, const Message *m, Arena *arena,
                         ProviderRequest *ret_request, Err *err)
{
    uint16_t port;
    SmtpTls tls;
    if (!port_of(c, &port) || !tls_of(c, port, &tls))
        return err_set(err, ST_INVALID, "the provider's port or tls cannot be used");
    ret_request->transport = TRANSPORT_SMTP;
    ret_request->smtp.host = c->value[FIELD_HOST];
    ret_request->smtp.port = port;
    ret_request->smtp.tls = tls;
    ret_request->smtp.username = c->value[FIELD_USERNAME];
    ret_request->smtp.password = c->value[FIELD_PASSWORD];
    ret_request->smtp.mail_from = m->from;
    ret_request->smtp.rcpt_to = m->to;
    return write_mail(m, arena, &ret_request->smtp.data, err);
}

/* "5.1.1" of "550 5.1.1 no such user" or "5.1.1 no such user" (RFC 3463). */
static Str enhanced_code(Str text)
{
    Str rest = text, word = str_cut(&rest, ' ');
    if (word.len == 3 && rest.at) word = str_cut(&rest, ' ');
    return word.len >= 5 && word.at[1] == '.' ? word : S("");
}

static OutcomeClass class_of(int reply, Str code)
{
    if (reply >= 200 && reply < 300) return OUTCOME_OK;
    if (reply == 530 || reply == 534 || reply == 535) return OUTCOME_CONFIGURATION;
    if (reply >= 400 && reply < 500) return OUTCOME_RETRY;
    if (str_is(code, "5.1.1") || str_is(code, "5.1.10")) return OUTCOME_SUPPRESS;
    if (reply == 550 && str_starts(code, S("5.7."))) return OUTCOME_CONFIGURATION;
    return OUTCOME_PERMANENT;
}

/* The queue id of "250 2.0.0 Ok: queued as ABC", as servers like to put it. */
static Str queue_id(Str text, Arena *arena)
{
    Str mark = S("queued as ");
    for (size_t i = 0; i + mark.len <= text.len; i++) {
        if (!str_starts(str_from(text, i), mark)) continue;
        Str rest = str_from(text, i + mark.len);
        return kit_one_line(str_cut(&rest, ' '), arena);
    }
    return S("");
}

/* The reply code stands in the cause already. */
static Str without_code(Str reply)
{
    Str rest = reply, word = str_cut(&rest, ' ');
    return word.len == 3 && rest.at ? rest : reply;
}

static void smtp_read(const Message *message, const ProviderAnswer *answer, Arena *arena,
                      Outcome *ret_outcome)
{
    (void)message;
    ret_outcome->class = class_of(answer->status, enhanced_code(str_trim(answer->body)));
    if (ret_outcome->class == OUTCOME_OK)
        ret_outcome->provider_id = queue_id(answer->body, arena);
    else
        ret_outcome->cause = kit_cause(answer, S("The mail server"), without_code(answer->body),
                                       arena);
}

const ProviderKind kind_smtp = {
    .name = STR_INIT("smtp"),
    .channels = CHANNEL_BIT(CHANNEL_EMAIL),
    .fields = {[FIELD_HOST] = {.name = STR_INIT("host"), .required = true, .host = true},
               [FIELD_PORT] = {.name = STR_INIT("port")},
               [FIELD_USERNAME] = {.name = STR_INIT("username")},
               [FIELD_PASSWORD] = {.name = STR_INIT("password"), .secret = true},
               [FIELD_TLS] = {.name = STR_INIT("tls")}},
    .needs_sender = true,
    .check = smtp_check,
    .build = smtp_build,
    .read = smtp_read,
};
