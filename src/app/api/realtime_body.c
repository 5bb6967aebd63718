#include "app/api/realtime_body.h"

#include "base/limits.h"

bool realtime_body(Request *rq, Json *ret_json)
{
    Err err = {""};
    Status st = json_parse(rq->body, &rq->arena, ret_json, &err);
    if (st != ST_OK) {
        respond_error(rq, 400, err_view(&err));
        return false;
    }
    if (json_is(ret_json, 0, JSON_OBJECT)) return true;
    respond_error(rq, 400, S("The body must be a JSON object"));
    return false;
}

void realtime_put_error(Buf *out, CfError error, const char *detail)
{
    bool temporary;
    buf_lit(out, "{\"error\":{\"code\":");
    buf_add_u64(out, (uint64_t)error);
    buf_lit(out, ",\"message\":\"");
    json_put_escaped(out, cf_error_message(error, &temporary));
    if (*detail) {
        buf_lit(out, ": ");
        json_put_escaped(out, str_of(detail));
    }
    buf_lit(out, "\"}}");
}

void realtime_refuse(Request *rq, CfError error, const char *detail)
{
    Buf *out = &rq->lane->scratch;
    buf_clear(out);
    realtime_put_error(out, error, detail);
    respond_json(rq, 200, buf_view(out));
}

void realtime_result(Request *rq, const Buf *json)
{
    Buf answer;
    if (buf_status(json) != ST_OK) {
        realtime_refuse(rq, CF_ERR_LIMIT_EXCEEDED, "the answer is too large; ask for less");
        return;
    }
    buf_init(&answer, HTTP_RESPONSE_MAX);
    buf_lit(&answer, "{\"result\":");
    buf_add(&answer, buf_view(json));
    buf_lit(&answer, "}");
    respond_json(rq, 200, buf_view(&answer));
    buf_done(&answer);
}

void realtime_put_client(Buf *out, const CfClientInfo *info)
{
    buf_lit(out, "{\"user\":");
    json_put_string(out, info->user);
    buf_lit(out, ",\"client\":");
    json_put_string(out, info->client);
    if (info->conn_info.len) {
        buf_lit(out, ",\"conn_info\":");
        buf_add(out, info->conn_info);
    }
    if (info->chan_info.len) {
        buf_lit(out, ",\"chan_info\":");
        buf_add(out, info->chan_info);
    }
    buf_lit(out, "}");
}

bool realtime_text(Request *rq, const Json *j, Str name, size_t max, Str *ret_text,
                   const char **ret_detail)
{
    Str text;
    bool fine = json_string(j, json_get(j, 0, name), &rq->arena, &text) && text.len > 0 &&
                text.len <= max;
    if (fine)
        *ret_text = text;
    else
        *ret_detail = arena_format(&rq->arena, "%.*s must be a string of 1 to %zu bytes",
                                   STR_FMT(name), max)
                          .at;
    return fine;
}

bool realtime_text_if_any(Request *rq, const Json *j, Str name, size_t max, Str *ret_text,
                          const char **ret_detail)
{
    JsonRef at = json_get(j, 0, name);
    *ret_text = S("");
    if (at == JSON_NONE || json_is(j, at, JSON_NULL) || json_string_is(j, at, S(""))) return true;
    return realtime_text(rq, j, name, max, ret_text, ret_detail);
}

bool realtime_flag(const Json *j, Str name)
{
    return json_is(j, json_get(j, 0, name), JSON_TRUE);
}
