/* mail_call.c: what libcurl is told of a mail, and what its verdict means to us: above all whether a mail that
 * failed may have arrived. It has not before the server asked for its bytes (354); afterwards only a reply
 * tells. */
#include "driver/provider/mail_call.h"

#include "base/limits.h"

/* ---- the replies ---- */

/* Each line of the dialogue; the last one is the answer. */
static size_t on_reply(char *at, size_t size, size_t count, void *ctx)
{
    MailCall *m = ctx;
    Str line = str_make(at, size * count);
    while (line.len && (line.at[line.len - 1] == '\r' || line.at[line.len - 1] == '\n')) line.len--;
    if (str_starts(line, S("354"))) m->data_begun = true;
    if (!arena_copy(m->call->arena, str_head(line, LOG_FIELD_MAX), &m->call->answer.body))
        m->call->answer.body = S("");
    return size * count;
}

static size_t on_mail(char *to, size_t size, size_t count, void *ctx)
{
    MailCall *m = ctx;
    Str rest = str_from(m->call->request->smtp.data, m->given);
    size_t len = size * count < rest.len ? size * count : rest.len;
    memcpy(to, rest.at, len);
    m->given += len;
    return len;
}

/* ---- the call ---- */

/* With a NUL; NULL for what must not stand in a command, or when the arena is full. */
static const char *joined(MailCall *m, Str a, Str b, Str c)
{
    const Str parts[] = {a, b, c};
    char *text = arena_try(m->call->arena, a.len + b.len + c.len + 1), *to = text;
    for (size_t p = 0; text && p < 3; p++)
        for (size_t i = 0; i < parts[p].len; i++) {
            if ((uint8_t)parts[p].at[i] < ' ') return NULL;
            *to++ = parts[p].at[i];
        }
    if (text) *to = '\0';
    return text;
}

#define SET(option, value)                                                                         \
    if (curl_easy_setopt(m->job.easy, option, value) != CURLE_OK) return false

static bool set_up(MailCall *m)
{
    const ProviderRequest *r = m->call->request;
    Str scheme = r->smtp.tls == SMTP_TLS_IMPLICIT ? S("smtps://") : S("smtp://");
    const char *url = joined(m, scheme, r->smtp.host, S(""));
    const char *from = joined(m, S("<"), r->smtp.mail_from, S(">"));
    const char *to = joined(m, S("<"), r->smtp.rcpt_to, S(">"));
    const char *user = joined(m, r->smtp.username, S(""), S(""));
    const char *password = joined(m, r->smtp.password, S(""), S(""));
    m->recipients = to ? curl_slist_append(NULL, to) : NULL;
    if (!url || !from || !user || !password || !m->recipients) return false;
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PORT, (long)r->smtp.port);
    SET(CURLOPT_USE_SSL,
        r->smtp.tls == SMTP_TLS_NONE ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
    if (*user) {
        SET(CURLOPT_USERNAME, user);
        SET(CURLOPT_PASSWORD, password);
    }
    SET(CURLOPT_MAIL_FROM, from);
    SET(CURLOPT_MAIL_RCPT, m->recipients);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, on_mail);
    SET(CURLOPT_READDATA, m);
    SET(CURLOPT_HEADERFUNCTION, on_reply);
    SET(CURLOPT_HEADERDATA, m);
    SET(CURLOPT_TIMEOUT_MS, (long)m->call->timeout_ms);
    return true;
}

Status mail_call_init(MailCall *m, CurlLoop *curl, CarrierCall *call, Err *err)
{
    m->call = call;
    m->job.use = OUTBOUND_MAIL;
    Status st = curl_job_init(curl, &m->job, err);
    if (st != ST_OK || set_up(m)) return st;
    mail_call_done(m);
    return err_set(err, ST_INVALID, "host, user and addresses must be one line each");
}

static Arrival arrival_of(const MailCall *m, CURLcode code, long reply)
{
    if (m->job.refused && code == CURLE_COULDNT_CONNECT) return ARRIVAL_FORBIDDEN;
    if (code == CURLE_OK) return ARRIVAL_ANSWERED;
    if (reply >= 400 && code != CURLE_OPERATION_TIMEDOUT) return ARRIVAL_ANSWERED;
    return m->data_begun ? ARRIVAL_UNKNOWN : ARRIVAL_NOT_SENT;
}

void mail_call_read(MailCall *m, CURLcode code)
{
    ProviderAnswer *a = &m->call->answer;
    long reply = 0;
    curl_easy_getinfo(m->job.easy, CURLINFO_RESPONSE_CODE, &reply);
    a->arrival = arrival_of(m, code, reply);
    if (a->arrival == ARRIVAL_ANSWERED) {
        a->status = (int)reply;
        return;
    }
    const char *why = m->job.error[0] ? m->job.error : curl_easy_strerror(code);
    if (a->arrival == ARRIVAL_FORBIDDEN)
        why = "the host's address may not be connected to; an operator may list its network in the "
              "setting outbound_allow";
    a->body = S("");
    if (!arena_copy(m->call->arena, str_of(why), &a->error)) a->error = S("it failed");
}

void mail_call_done(MailCall *m)
{
    curl_job_done(&m->job);
    curl_slist_free_all(m->recipients);
    m->recipients = NULL;
}
