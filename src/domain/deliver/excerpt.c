#include "domain/deliver/excerpt.h"

#include "base/base64.h"
#include "base/buf.h"

#include "base/limits.h"
#include "base/utf8.h"

enum { SECRET_BYTES_MIN = 4 }; /* a shorter one would take half of every text along */

/* ---- taking secrets out ---- */

static bool same_byte(char given, char secret, bool *escaped, const char *at, size_t left)
{
    static const char digits[] = "0123456789ABCDEF";
    *escaped = false;
    if (given == secret) return true;
    if (given != '%' || left < 3) return secret == ' ' && given == '+';
    uint8_t byte = (uint8_t)secret;
    char high = at[1] >= 'a' ? (char)(at[1] - 32) : at[1],
         low = at[2] >= 'a' ? (char)(at[2] - 32) : at[2];
    *escaped = true;
    return high == digits[byte >> 4] && low == digits[byte & 15];
}

/* How many bytes of text spell the secret here; 0: none do. */
static size_t spells(Str text, Str secret)
{
    size_t at = 0;
    for (size_t i = 0; i < secret.len; i++) {
        bool escaped;
        if (at >= text.len) return i >= SECRET_BYTES_MIN ? at : 0; /* the text was cut within it */
        if (!same_byte(text.at[at], secret.at[i], &escaped, text.at + at, text.len - at)) return 0;
        at += escaped ? 3 : 1;
    }
    return at;
}

enum { SECRETS_MAX = PROVIDER_FIELDS_MAX * (PROVIDER_FIELDS_MAX + 1) };

typedef struct Secrets {
    Str at[SECRETS_MAX];
    uint32_t count;
} Secrets;

/* As "Basic" has it: base64 of name:secret. */
static void add_pair(Secrets *s, Str name, Str secret, Arena *arena)
{
    size_t len = name.len + 1 + secret.len;
    char *pair = arena_try(arena, len), *encoded = arena_try(arena, BASE64_LEN(len));
    if (!pair || !encoded) return;
    memcpy(pair, name.at, name.len);
    pair[name.len] = ':';
    memcpy(pair + name.len + 1, secret.at, secret.len);
    s->at[s->count++] = str_make(encoded, base64_encode((const uint8_t *)pair, len, encoded));
}

static Secrets secrets_of(const ProviderKind *kind, const Credentials *credentials, Arena *arena)
{
    Secrets s = {.count = 0};
    for (uint32_t i = 0, count = provider_field_count(kind); i < count; i++) {
        Str secret = credentials->value[i];
        if (!kind->fields[i].secret || secret.len < SECRET_BYTES_MIN) continue;
        s.at[s.count++] = secret;
        for (uint32_t j = 0; j < count; j++)
            if (!kind->fields[j].secret && credentials->value[j].len)
                add_pair(&s, credentials->value[j], secret, arena);
    }
    return s;
}

static size_t secret_at(Str text, const Secrets *secrets)
{
    size_t longest = 0;
    for (uint32_t i = 0; i < secrets->count; i++) {
        size_t len = spells(text, secrets->at[i]);
        if (len > longest) longest = len;
    }
    return longest;
}

/* Copies with stars for secrets and '?' for what is no text, until the excerpt is full. Cleaned before it
 * is cut: the cut cannot leave half a secret behind. */
static void add_clean(Buf *out, Str text, const Secrets *secrets)
{
    for (size_t i = 0; i < text.len && buf_len(out) < EXCERPT_BYTES_MAX;) {
        Str rest = str_from(text, i);
        size_t secret = secret_at(rest, secrets), len = utf8_char_len(rest);
        bool control = (uint8_t)rest.at[0] < ' ' && rest.at[0] != '\n' && rest.at[0] != '\t';
        if (secret)
            buf_lit(out, "****");
        else if (len == 0 || control)
            buf_add_byte(out, '?');
        else
            buf_add(out, str_head(rest, len));
        i += secret ? secret : len ? len : 1;
    }
}

static Str keep(Buf *out, Arena *arena)
{
    Str kept;
    if (!arena_copy(arena, buf_len(out) ? buf_view(out) : S(""), &kept)) kept = (Str){NULL, 0};
    buf_done(out);
    return kept;
}

Str excerpt_clean(Str text, const ProviderKind *kind, const Credentials *credentials, Arena *arena)
{
    Buf out;
    buf_init(&out, 2 * EXCERPT_BYTES_MAX);
    Secrets secrets = secrets_of(kind, credentials, arena);
    add_clean(&out, text, &secrets);
    return keep(&out, arena);
}

Str excerpt_request(const ProviderRequest *r, bool whole, const ProviderKind *kind,
                    const Credentials *credentials, Arena *arena)
{
    Buf out;
    Secrets secrets = secrets_of(kind, credentials, arena);
    Str body = r->transport == TRANSPORT_SMTP ? r->smtp.data : r->body;
    buf_init(&out, 2 * EXCERPT_BYTES_MAX);
    switch (r->transport) {
    case TRANSPORT_HTTP:
        buf_add(&out, r->method);
        buf_add_byte(&out, ' ');
        add_clean(&out, r->base_url, &secrets);
        add_clean(&out, r->path, &secrets);
        break;
    case TRANSPORT_SMTP:
        buf_lit(&out, "SMTP ");
        add_clean(&out, r->smtp.host, &secrets);
        buf_format(&out, ":%u", r->smtp.port);
        break;
    case TRANSPORT_LOG:
        buf_lit(&out, "LOG");
        break;
    }
    if (whole && body.len) {
        buf_lit(&out, "\n\n");
        add_clean(&out, body, &secrets);
    }
    return keep(&out, arena);
}

Str excerpt_answer(const ProviderAnswer *a, const ProviderKind *kind,
                   const Credentials *credentials, Arena *arena)
{
    return excerpt_clean(a->arrival == ARRIVAL_ANSWERED ? a->body : a->error, kind, credentials,
                         arena);
}
