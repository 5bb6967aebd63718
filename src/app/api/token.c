/* POST /api/v1/auth/realtime-token: {"userId"} -> {"token","channels"}; with "channel", a token that opens that
 * one (a dialogue, a room) to a user who is connected. Nothing is stored: a token is
 * true as long as its signature and its time are, and a new one takes nothing from an old (RT-23). */
#include "app/api/token.h"

#include "app/api/body.h"
#include "app/http/router.h"
#include "base/limits.h"
#include "domain/realtime/channel.h"

enum { CLAIMS_BYTES_MAX = KIB(2) };

void token_claims_put(Buf *out, Str tenant_id, Str user_id, int64_t now_s, int64_t ttl_s)
{
    buf_lit(out, "\"sub\":");
    json_put_string(out, user_id);
    buf_lit(out, ",\"tenant\":");
    json_put_string(out, tenant_id);
    buf_lit(out, ",\"iat\":");
    buf_add_i64(out, now_s);
    buf_lit(out, ",\"exp\":");
    buf_add_i64(out, now_s + ttl_s);
}

Status subscription_token_make(JwtKey *key, const Tenant *tenant, Str user_id, Str channel,
                               int64_t now_s, int64_t ttl_s, Buf *out)
{
    Buf claims;

    buf_init(&claims, CLAIMS_BYTES_MAX);
    buf_add_byte(&claims, '{');
    token_claims_put(&claims, tenant->id_text, user_id, now_s, ttl_s);
    if (channel.len) {
        buf_lit(&claims, ",\"channel\":");
        json_put_string(&claims, channel);
    }
    buf_add_byte(&claims, '}');
    Status st = buf_status(&claims);
    if (st == ST_OK) st = jwt_sign(key, buf_view(&claims), out);
    buf_done(&claims);
    return st;
}

Status realtime_token_make(JwtKey *key, const Tenant *tenant, Str user_id, int64_t now_s,
                           int64_t ttl_s, Buf *out)
{
    return subscription_token_make(key, tenant, user_id, S(""), now_s, ttl_s, out);
}

static void put_channel(Buf *out, Str name, Str user_id)
{
    buf_add_byte(out, '"');
    json_put_escaped(out, name);
    buf_add_byte(out, '#');
    json_put_escaped(out, user_id);
    buf_add_byte(out, '"');
}

void realtime_channels_put(Buf *out, const Tenant *tenant, Str user_id)
{
    buf_add_byte(out, '[');
    put_channel(out, S("global_system"), user_id);
    for (uint32_t i = 0; i < tenant->channel_count; i++) {
        buf_add_byte(out, ',');
        put_channel(out, tenant->channels[i], user_id);
    }
    buf_add_byte(out, ']');
}

static void check_user_id(Request *rq, const Json *json, Problems *problems, Str *ret_user_id)
{
    Str problem;
    JsonRef at = json_get(json, 0, S("userId"));
    if (!json_string(json, at, &rq->arena, ret_user_id)) {
        problems_add(problems, S("userId must be a string"));
        if (at == JSON_NONE || json_is(json, at, JSON_NULL))
            problems_add(problems, S("userId should not be empty"));
    } else if (!user_id_check(*ret_user_id, S("userId"), &rq->arena, &problem)) {
        problems_add(problems, problem);
    }
}

/* "" when the body names none. Nobody can be let into a feed: it is its user's. */
static void check_channel(Request *rq, const Json *json, Problems *problems, Str *ret_channel)
{
    JsonRef at = json_get(json, 0, S("channel"));
    *ret_channel = S("");
    if (at == JSON_NONE || json_is(json, at, JSON_NULL)) return;
    if (!json_string(json, at, &rq->arena, ret_channel) || !channel_is_sane(*ret_channel))
        problems_add(problems, S("channel must be a string of 1 to 255 bytes without control "
                                 "characters"));
    else if (!channel_is_recent(channel_read(rq->tenant, *ret_channel).kind))
        problems_add(problems, S("channel must not be a user's own channel; its user subscribes to "
                                 "it without a token"));
}

/* What the body asks for, checked; otherwise answers 422 and returns false. */
static bool read_body(Request *rq, Str *ret_user_id, Str *ret_channel)
{
    Json json;
    Problems problems = {.count = 0};

    if (!body_is_json(rq) || !request_json(rq, &json) || !body_left_room(rq)) return false;
    check_user_id(rq, &json, &problems, ret_user_id);
    check_channel(rq, &json, &problems, ret_channel);
    if (problems.count > 0) respond_problems(rq, &problems);
    return problems.count == 0;
}

void api_realtime_token(Request *rq)
{
    Lane *lane = rq->lane;
    Buf *out = &lane->scratch;
    Str user_id, channel;

    if (!read_body(rq, &user_id, &channel)) return;
    buf_clear(out);
    buf_lit(out, "{\"token\":\"");
    Status st = subscription_token_make(lane->token_key, rq->tenant, user_id, channel,
                                        lane->loop->now_ms / 1000, REALTIME_TOKEN_TTL_S, out);
    buf_lit(out, "\",\"channels\":");
    if (channel.len) {
        buf_add_byte(out, '[');
        json_put_string(out, channel);
        buf_add_byte(out, ']');
    } else {
        realtime_channels_put(out, rq->tenant, user_id);
    }
    buf_add_byte(out, '}');
    if (st == ST_OK) st = buf_status(out);
    if (st == ST_OK)
        respond_json(rq, 200, buf_view(out));
    else
        respond_status(rq, st, NULL);
}
