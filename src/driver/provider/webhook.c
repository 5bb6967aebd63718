/* webhook: the message as JSON to a URL of the tenant's choosing, signed as Standard Webhooks say, so that
 * any of their libraries verifies it. For whatever has no vendor file: an own gateway, another channel.
 *
 *   webhook-id: <delivery id>                  the same in every attempt: the receiver's key against doubles
 *   webhook-timestamp: <seconds>
 *   webhook-signature: v1,<base64 of HMAC-SHA256(secret, id "." timestamp "." body)>
 *
 * A secret "whsec_..." is the base64 of the key, as their libraries make it; any other text is the key. */
#include "base/base64.h"
#include "base/hash.h"
#include "base/isotime.h"
#include "base/limits.h"
#include "driver/provider/kinds.h"
#include "driver/provider/kit.h"

enum { FIELD_URL, FIELD_SECRET };
enum { KEY_BYTES_MIN = 24, KEY_BYTES_MAX = 64 }; /* of a decoded whsec_ */

static bool key_of(Str secret, uint8_t room[WEBHOOK_SECRET_MAX], Str *ret_key)
{
    Str prefix = S("whsec_");
    size_t len;
    if (!str_starts(secret, prefix)) {
        *ret_key = secret;
        return secret.len >= WEBHOOK_SECRET_MIN;
    }
    if (!base64_decode(str_from(secret, prefix.len), room, &len)) return false;
    *ret_key = str_make(room, len);
    return len >= KEY_BYTES_MIN && len <= KEY_BYTES_MAX;
}

static Status webhook_check(const Credentials *credentials, Err *err)
{
    uint8_t room[WEBHOOK_SECRET_MAX];
    Str secret = credentials->value[FIELD_SECRET], key;
    if (secret.len <= WEBHOOK_SECRET_MAX && key_of(secret, room, &key)) return ST_OK;
    return err_set(
        err, ST_INVALID,
        "secret must be whsec_ and the base64 of %d to %d bytes, or a text of %d to %d bytes",
        KEY_BYTES_MIN, KEY_BYTES_MAX, WEBHOOK_SECRET_MIN, WEBHOOK_SECRET_MAX);
}

/* ---- the request ---- */

static void put_body(Buf *b, const Message *m)
{
    char at[ISO_MS_LEN];
    iso_ms(m->created_ms, at);
    bool email = m->channel == CHANNEL_EMAIL;
    kit_json_member(b, S("{\"type\":"), email ? S("message.email") : S("message.sms"));
    kit_json_member(b, S(",\"timestamp\":"), str_make(at, sizeof at));
    kit_json_member(b, S(",\"data\":{\"id\":"), m->id_text);
    kit_json_member(b, S(",\"tenant\":"), m->tenant);
    kit_json_member(b, S(",\"channel\":"), channel_name(m->channel));
    kit_json_member(b, S(",\"eventId\":"), m->event_id);
    kit_json_member(b, S(",\"eventType\":"), m->category);
    kit_json_member(b, S(",\"userId\":"), m->user_id);
    kit_json_member(b, S(",\"to\":"), m->to);
    if (email) {
        kit_json_member(b, S(",\"from\":"), m->from);
        kit_json_member(b, S(",\"fromName\":"), m->from_name);
        kit_json_member(b, S(",\"subject\":"), m->subject);
        kit_json_member(b, S(",\"html\":"), m->html);
    }
    kit_json_member(b, S(",\"text\":"), m->text);
    buf_lit(b, "}}");
}

/* "v1,..." of id.timestamp.body, in the arena. */
static Str sign(Str key, Str id, Str timestamp, Str body, Arena *arena)
{
    char encoded[BASE64_LEN(SHA256_BYTES)];
    Str head = kit_concat(arena, id, S("."), timestamp);
    Str text = kit_concat(arena, head, S("."), body);
    if (!head.at || !text.at) return (Str){NULL, 0};
    Sha256 sum = hash_hmac_sha256(key, text);
    size_t len = base64_encode(sum.at, sizeof sum.at, encoded);
    return kit_concat(arena, S("v1,"), str_make(encoded, len), S(""));
}

static Status webhook_build(const Credentials *credentials, const Message *message, Arena *arena,
                            ProviderRequest *ret_request, Err *err)
{
    uint8_t room[WEBHOOK_SECRET_MAX];
    Str key;
    Buf body;
    if (!key_of(credentials->value[FIELD_SECRET], room, &key))
        return err_set(err, ST_INVALID, "the webhook's secret cannot be used");
    kit_open(&body);
    put_body(&body, message);
    Status st = kit_body(&body, S("application/json"), arena, ret_request, err);
    if (st != ST_OK) return st;
    Str timestamp = arena_format(arena, "%lld", (long long)(message->now_ms / 1000));
    Str signature = sign(key, message->id_text, timestamp, ret_request->body, arena);
    if (!signature.at) return err_set(err, ST_TOO_BIG, "the message is too large for one request");
    ret_request->base_url = credentials->value[FIELD_URL];
    provider_add_header(ret_request, S("webhook-id"), message->id_text);
    provider_add_header(ret_request, S("webhook-timestamp"), timestamp);
    provider_add_header(ret_request, S("webhook-signature"), signature);
    return ST_OK;
}

/* ---- the answer ---- */

/* 410 is the receiver's way to say "never again", 502 and 504 its proxy's to say "slower". */
static void webhook_read(const Message *message, const ProviderAnswer *answer, Arena *arena,
                         Outcome *ret_outcome)
{
    (void)message;
    kit_outcome(answer, S("The webhook"), S(""), arena, ret_outcome);
    if (answer->status == 410) ret_outcome->class = OUTCOME_CONFIGURATION;
    if (answer->status == 502 || answer->status == 504) ret_outcome->class = OUTCOME_RETRY_AFTER;
}

const ProviderKind kind_webhook = {
    .name = STR_INIT("webhook"),
    .channels = CHANNEL_BIT(CHANNEL_EMAIL) | CHANNEL_BIT(CHANNEL_SMS),
    .fields = {[FIELD_URL] = {.name = STR_INIT("url"), .required = true, .url = true},
               [FIELD_SECRET] = {.name = STR_INIT("secret"), .required = true, .secret = true}},
    .takes_key = true,
    .check = webhook_check,
    .build = webhook_build,
    .read = webhook_read,
};
