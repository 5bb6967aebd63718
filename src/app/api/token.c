/* POST /api/v1/auth/realtime-token: {"userId"} -> {"token","channels"}. Nothing is stored: a token is
 * true as long as its signature and its time are, and a new one takes nothing from an old (RT-23). */
#include "app/api/token.h"

#include "app/api/body.h"
#include "app/http/router.h"
#include "base/limits.h"

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

Status realtime_token_make(JwtKey *key, const Tenant *tenant, Str user_id, int64_t now_s,
                           int64_t ttl_s, Buf *out)
{
    Buf claims;

    buf_init(&claims, CLAIMS_BYTES_MAX);
    buf_add_byte(&claims, '{');
    token_claims_put(&claims, tenant->id_text, user_id, now_s, ttl_s);
    buf_add_byte(&claims, '}');
    Status st = buf_status(&claims);
    if (st == ST_OK) st = jwt_sign(key, buf_view(&claims), out);
    buf_done(&claims);
    return st;
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

/* The userId of the body, checked; otherwise answers 422 and returns false. */
static bool read_user_id(Request *rq, Str *ret_user_id)
{
    Json json;
    Problems problems = {.count = 0};
    Str problem;

    if (!body_is_json(rq) || !request_json(rq, &json) || !body_left_room(rq)) return false;
    JsonRef at = json_get(&json, 0, S("userId"));
    if (!json_string(&json, at, &rq->arena, ret_user_id)) {
        problems_add(&problems, S("userId must be a string"));
        if (at == JSON_NONE || json_is(&json, at, JSON_NULL))
            problems_add(&problems, S("userId should not be empty"));
    } else if (!user_id_check(*ret_user_id, S("userId"), &rq->arena, &problem)) {
        problems_add(&problems, problem);
    }
    if (problems.count > 0) respond_problems(rq, &problems);
    return problems.count == 0;
}

void api_realtime_token(Request *rq)
{
    Lane *lane = rq->lane;
    Buf *out = &lane->scratch;
    Str user_id;

    if (!read_user_id(rq, &user_id)) return;
    buf_clear(out);
    buf_lit(out, "{\"token\":\"");
    Status st = realtime_token_make(lane->token_key, rq->tenant, user_id, lane->loop->now_ms / 1000,
                                    REALTIME_TOKEN_TTL_S, out);
    buf_lit(out, "\",\"channels\":");
    realtime_channels_put(out, rq->tenant, user_id);
    buf_add_byte(out, '}');
    if (st == ST_OK) st = buf_status(out);
    if (st == ST_OK)
        respond_json(rq, 200, buf_view(out));
    else
        respond_status(rq, st, NULL);
}
