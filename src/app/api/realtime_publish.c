/* POST /api/v1/realtime/publish and /broadcast: for backends that only want real time.
 *
 * A publication is not an event: nothing is rendered, stored or counted. On a user's feed channel it is
 * live only, because the feed's positions belong to notifications; every other channel keeps its last
 * publications in memory (domain/realtime/recent.h) and the answer tells the new one's place. */
#include "app/api/realtime_body.h"
#include "app/http/router.h"
#include "app/live.h"
#include "base/base64.h"
#include "base/limits.h"
#include "domain/realtime/channel.h"
#include "domain/realtime/recent.h"

/* ---- what is said ---- */

typedef struct Said {
    Str data; /* JSON on one line */
    Str key;  /* idempotency_key; "" */
    bool skip_history;
} Said;

/* The payload without newlines, in the arena; {NULL,0} when it is too large or none. */
static Str one_line_json(Request *rq, Str raw)
{
    Buf line;
    Str copy = {NULL, 0};
    buf_init(&line, PUBLICATION_MAX);
    json_put_raw_line(&line, raw);
    if (buf_status(&line) != ST_OK || !arena_copy(&rq->arena, buf_view(&line), &copy))
        copy = (Str){NULL, 0};
    buf_done(&line);
    return copy;
}

static Str decode_b64(Request *rq, const Json *j)
{
    Str text;
    Json json;
    size_t len;
    if (!json_string(j, json_get(j, 0, S("b64data")), &rq->arena, &text)) return (Str){NULL, 0};
    uint8_t *bytes = arena_try(&rq->arena, text.len + 1);
    if (!bytes || !base64_decode(text, bytes, &len)) return (Str){NULL, 0};
    Str raw = str_make(bytes, len);
    return json_parse(raw, &rq->arena, &json, NULL) == ST_OK ? raw : (Str){NULL, 0};
}

static bool read_said(Request *rq, const Json *j, Said *ret_said, const char **ret_detail)
{
    Str raw = json_raw(j, json_get(j, 0, S("data")));
    if (!raw.at) raw = decode_b64(rq, j);
    *ret_detail = "data must be any JSON value (or b64data the base64 of one)";
    if (!raw.at) return false;
    *ret_detail = "data is larger than a realtime message may be";
    ret_said->data = one_line_json(rq, raw);
    if (!ret_said->data.at) return false;
    ret_said->skip_history = realtime_flag(j, S("skip_history"));
    return realtime_text_if_any(rq, j, S("idempotency_key"), IDEMPOTENCY_KEY_MAX, &ret_said->key,
                                ret_detail);
}

static void say(void *ctx, uint32_t tenant_no, Str channel, const Publication *p)
{
    live_say(ctx, tenant_no, channel, p);
}

/* Appends {"offset":..,"epoch":..}, {} or an error: one channel's part of the answer, within `around`. */
static void publish_one(Request *rq, Str channel, const Said *said, Buf *out)
{
    App *app = rq->lane->app;
    uint32_t tenant_no = rq->tenant->no;
    char epoch[EPOCH_TEXT_LEN];
    Publication p = {.data = said->data};
    if (!channel_is_sane(channel)) {
        realtime_put_error(out, CF_ERR_BAD_REQUEST, "a channel's name is 1 to 255 bytes of text");
        return;
    }
    ChannelKind kind = channel_read(rq->tenant, channel).kind;
    if (kind == CHANNEL_STATE) {
        realtime_put_error(out, CF_ERR_PERMISSION_DENIED, "this channel is the server's own");
        return;
    }
    if (kind == CHANNEL_STREAM || said->skip_history) {
        live_say(app, tenant_no, channel, &p);
        buf_lit(out, "{\"result\":{}}");
        return;
    }
    RecentPlace place = recent_publish(app->recent, tenant_no, channel, &p, said->key,
                                       (int64_t)rq->lane->loop->mono_ms, (RecentSay){say, app});
    buf_lit(out, "{\"result\":{\"offset\":");
    buf_add_u64(out, place.offset);
    buf_lit(out, ",\"epoch\":\"");
    buf_add(out, epoch_text(place.epoch, epoch));
    buf_lit(out, "\"}}");
}

void realtime_publish(Request *rq)
{
    Json j;
    Said said;
    Str channel;
    const char *detail = "";
    if (!realtime_body(rq, &j)) return;
    if (!realtime_text(rq, &j, S("channel"), CHANNEL_NAME_MAX, &channel, &detail) ||
        !read_said(rq, &j, &said, &detail)) {
        realtime_refuse(rq, CF_ERR_BAD_REQUEST, detail);
        return;
    }
    Buf *out = &rq->lane->scratch;
    buf_clear(out);
    publish_one(rq, channel, &said, out);
    respond_json(rq, 200, buf_view(out));
}

void realtime_broadcast(Request *rq)
{
    Json j;
    Said said;
    const char *detail = "";
    if (!realtime_body(rq, &j)) return;
    JsonRef channels = json_get(&j, 0, S("channels"));
    uint32_t count = json_count(&j, channels);
    if (!json_is(&j, channels, JSON_ARRAY) || count == 0 || count > REALTIME_CHANNELS_MAX) {
        realtime_refuse(rq, CF_ERR_BAD_REQUEST, "channels must be an array of 1 to 1000 names");
        return;
    }
    if (!read_said(rq, &j, &said, &detail)) {
        realtime_refuse(rq, CF_ERR_BAD_REQUEST, detail);
        return;
    }
    Buf *out = &rq->lane->scratch;
    buf_clear(out);
    buf_lit(out, "{\"result\":{\"responses\":[");
    bool first = true;
    for (JsonRef c = json_first(&j, channels); c != JSON_NONE; c = json_next(&j, channels, c)) {
        Str channel = S("");
        if (!json_string(&j, c, &rq->arena, &channel)) channel = S("");
        if (!first) buf_lit(out, ",");
        first = false;
        publish_one(rq, channel, &said, out);
    }
    buf_lit(out, "]}}");
    respond_json(rq, 200, buf_view(out));
}
