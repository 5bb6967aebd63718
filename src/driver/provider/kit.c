/* Everything a peer sends is cut and made one line before it becomes a cause: causes are shown to people
 * and written into rows. */
#include "driver/provider/kit.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/limits.h"
#include "domain/intake/push.h"
#include "proto/http_date.h"

enum { DETAIL_MAX = 200, WAIT_MAX_S = 86400, UNIX_SECONDS_MIN = 1000000000 };

/* ---- building ---- */

void kit_open(Buf *body)
{
    buf_init(body, PROVIDER_REQUEST_MAX);
}

Status kit_body(Buf *body, Str content_type, Arena *arena, ProviderRequest *request, Err *err)
{
    Status st = buf_status(body);
    if (st == ST_OK && !arena_copy(arena, buf_view(body), &request->body)) st = ST_TOO_BIG;
    buf_done(body);
    if (st != ST_OK) return err_set(err, st, "the message is too large for one request");
    provider_add_header(request, S("Content-Type"), content_type);
    return ST_OK;
}

void kit_json_member(Buf *body, Str opening, Str text)
{
    buf_add(body, opening);
    json_put_string(body, text);
}

void kit_json_headers(Buf *body, Str opening, const Message *m)
{
    for (uint32_t i = 0; i < m->header_count; i++) {
        buf_add(body, i ? S(",") : opening);
        if (i == 0) buf_lit(body, "{");
        json_put_string(body, m->headers[i].name);
        kit_json_member(body, S(":"), m->headers[i].value);
    }
    if (m->header_count) buf_lit(body, "}");
}

Str kit_mailbox(Str name, Str address, Arena *arena)
{
    if (name.len == 0) return address;
    char *at = arena_try(arena, 2 * name.len + address.len + 5), *end = at;
    if (!at) return address;
    *end++ = '"';
    for (size_t i = 0; i < name.len; i++) { /* RFC 5322 3.2.4; controls were refused long before */
        if (name.at[i] == '"' || name.at[i] == '\\') *end++ = '\\';
        *end++ = name.at[i];
    }
    memcpy(end, "\" <", 3);
    memcpy(end + 3, address.at, address.len);
    end[3 + address.len] = '>';
    return str_make(at, (size_t)(end - at) + 4 + address.len);
}

static bool is_unreserved(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '*';
}

static void form_encode(Buf *body, Str text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.at[i];
        if (is_unreserved(c)) {
            buf_add_byte(body, c);
        } else if (c == ' ') {
            buf_add_byte(body, '+');
        } else {
            buf_add_byte(body, '%');
            buf_add_byte(body, (uint8_t)digits[c >> 4]);
            buf_add_byte(body, (uint8_t)digits[c & 15]);
        }
    }
}

void kit_form_add(Buf *body, Str name, Str value)
{
    if (buf_len(body)) buf_add_byte(body, '&');
    form_encode(body, name);
    buf_add_byte(body, '=');
    form_encode(body, value);
}

Str kit_concat(Arena *arena, Str a, Str b, Str c)
{
    char *at = arena_try(arena, a.len + b.len + c.len + 1);
    if (!at) return (Str){NULL, 0};
    if (a.len) memcpy(at, a.at, a.len);
    if (b.len) memcpy(at + a.len, b.at, b.len);
    if (c.len) memcpy(at + a.len + b.len, c.at, c.len);
    return str_make(at, a.len + b.len + c.len);
}

Str kit_bearer(Str token, Arena *arena)
{
    return kit_concat(arena, S("Bearer "), token, S(""));
}

Str kit_basic(Str user, Str password, Arena *arena)
{
    Str pair = kit_concat(arena, user, S(":"), password);
    char *at = pair.at ? arena_try(arena, BASE64_LEN(pair.len)) : NULL;
    if (!at) return (Str){NULL, 0};
    size_t len = base64_encode((const uint8_t *)pair.at, pair.len, at);
    return kit_concat(arena, S("Basic "), str_make(at, len), S(""));
}

/* ---- reading ---- */

bool kit_json(const ProviderAnswer *answer, Arena *arena, Json *ret_json)
{
    return json_parse(answer->body, arena, ret_json, NULL) == ST_OK;
}

/* Cut between two characters, and controls become spaces. */
Str kit_one_line(Str text, Arena *arena)
{
    Str cut = text_cut(text, DETAIL_MAX);
    char *at = arena_try(arena, cut.len + 1);
    if (!at) return S("");
    for (size_t i = 0; i < cut.len; i++)
        at[i] = (uint8_t)cut.at[i] < ' ' || cut.at[i] == 0x7f ? ' ' : cut.at[i];
    return str_trim(str_make(at, cut.len));
}

Str kit_json_text(const Json *json, JsonRef object, Str name, Arena *arena)
{
    Str text;
    JsonRef at = json_get(json, object, name);
    return json_string(json, at, arena, &text) ? kit_one_line(text, arena) : S("");
}

Str kit_header_text(const ProviderAnswer *answer, Str name, Arena *arena)
{
    Str value = provider_header(answer, name);
    return value.at ? kit_one_line(value, arena) : S("");
}

Str kit_cause(const ProviderAnswer *answer, Str vendor, Str detail, Arena *arena)
{
    char status[32];
    int len = snprintf(status, sizeof status, " answered %d", answer->status);
    Str line = kit_one_line(detail, arena);
    Str head = kit_concat(arena, vendor, str_make(status, (size_t)len), line.len ? S(": ") : S(""));
    Str cause = kit_concat(arena, head, line, S(""));
    return head.at && cause.at ? cause : S("the provider refused the message");
}

static OutcomeClass class_of_status(int status)
{
    if (status >= 200 && status < 300) return OUTCOME_OK;
    if (status >= 500 || status == 408 || status == 425) return OUTCOME_RETRY;
    if (status == 429) return OUTCOME_RETRY_AFTER;
    if (status < 400 || (status >= 401 && status <= 405 && status != 402))
        return OUTCOME_CONFIGURATION;
    return OUTCOME_PERMANENT;
}

void kit_outcome(const ProviderAnswer *answer, Str vendor, Str detail, Arena *arena,
                 Outcome *ret_outcome)
{
    ret_outcome->class = class_of_status(answer->status);
    ret_outcome->pace = kit_pace(answer);
    ret_outcome->retry_after_ms = kit_retry_after_ms(answer);
    if (ret_outcome->class == OUTCOME_RETRY && ret_outcome->retry_after_ms)
        ret_outcome->class = OUTCOME_RETRY_AFTER;
    if (ret_outcome->class == OUTCOME_RETRY_AFTER && !ret_outcome->retry_after_ms)
        ret_outcome->retry_after_ms = ret_outcome->pace.reset_ms;
    if (ret_outcome->class != OUTCOME_OK)
        ret_outcome->cause = kit_cause(answer, vendor, detail, arena);
}

uint32_t kit_retry_after_ms(const ProviderAnswer *answer)
{
    Str value = str_trim(provider_header(answer, S("Retry-After")));
    uint64_t seconds;
    int64_t at_ms;
    if (str_to_u64(value, &seconds))
        return (uint32_t)(seconds < WAIT_MAX_S ? seconds : WAIT_MAX_S) * 1000;
    if (!http_date_parse(value, &at_ms) || at_ms <= answer->now_ms) return 0;
    int64_t wait_ms = at_ms - answer->now_ms;
    return (uint32_t)(wait_ms < WAIT_MAX_S * 1000LL ? wait_ms : WAIT_MAX_S * 1000LL);
}

/* "100", and of "100;w=60" or "100, 100;w=60" the first figure. */
static bool first_figure(const ProviderAnswer *answer, Str plain, Str with_x, uint64_t *ret_value)
{
    Str value = provider_header(answer, plain);
    if (!value.at) value = provider_header(answer, with_x);
    value = str_trim(value);
    size_t len = 0;
    while (len < value.len && value.at[len] >= '0' && value.at[len] <= '9') len++;
    return len > 0 && str_to_u64(str_head(value, len), ret_value);
}

static uint32_t until(uint64_t reset, int64_t now_ms)
{
    if (reset >= UNIX_SECONDS_MIN) { /* a moment, not a duration */
        uint64_t now_s = (uint64_t)now_ms / 1000;
        reset = reset > now_s ? reset - now_s : 0;
    }
    return (uint32_t)(reset < WAIT_MAX_S ? reset : WAIT_MAX_S) * 1000;
}

Pace kit_pace(const ProviderAnswer *answer)
{
    Pace pace = {0};
    uint64_t figure;
    if (first_figure(answer, S("RateLimit-Limit"), S("X-RateLimit-Limit"), &figure))
        pace.limit = figure < UINT32_MAX ? (uint32_t)figure : UINT32_MAX;
    if (first_figure(answer, S("RateLimit-Remaining"), S("X-RateLimit-Remaining"), &figure)) {
        pace.has_remaining = true;
        pace.remaining = figure < UINT32_MAX ? (uint32_t)figure : UINT32_MAX;
    }
    if (first_figure(answer, S("RateLimit-Reset"), S("X-RateLimit-Reset"), &figure))
        pace.reset_ms = until(figure, answer->now_ms);
    return pace;
}
