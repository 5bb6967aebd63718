/* Reading cf_json: one command a line, {"id":2,"subscribe":{"channel":"x"}}; key order does not matter. */
#include "proto/centrifuge_json.h"

bool cf_json_next(Str *rest, Str *ret_message)
{
    if (!rest->at) return false;
    *ret_message = str_cut(rest, '\n');
    return rest->at || ret_message->len; /* one newline at the end is tolerated */
}

static Status wrong(Err *err, Str field, const char *kind)
{
    return err_set(err, ST_INVALID, "\"%.*s\" must be %s", STR_FMT(field), kind);
}

typedef struct Fields { /* the request object being read; the first failure stays */
    const Json *j;
    JsonRef object;
    Arena *arena;
    Err *err;
    Status st;
} Fields;

static JsonRef field(const Fields *f, Str name) /* JSON_NONE also for null */
{
    JsonRef at = json_get(f->j, f->object, name);
    return json_is(f->j, at, JSON_NULL) ? JSON_NONE : at;
}

static Str text_field(Fields *f, Str name)
{
    Str text = S("");
    JsonRef at = field(f, name);
    if (at == JSON_NONE || f->st != ST_OK) return text;
    if (!json_is(f->j, at, JSON_STRING))
        f->st = wrong(f->err, name, "a string");
    else if (!json_string(f->j, at, f->arena, &text))
        f->st = ST_TOO_BIG;
    return text;
}

static int64_t int_field(Fields *f, Str name, int64_t min, int64_t max)
{
    int64_t value = 0;
    JsonRef at = field(f, name);
    if (at == JSON_NONE || f->st != ST_OK) return 0;
    if (!json_i64(f->j, at, &value) || value < min || value > max)
        f->st = wrong(f->err, name, "a whole number in range");
    return value;
}

static bool bool_field(Fields *f, Str name)
{
    JsonRef at = field(f, name);
    if (at == JSON_NONE || f->st != ST_OK) return false;
    if (!json_is(f->j, at, JSON_TRUE) && !json_is(f->j, at, JSON_FALSE))
        f->st = wrong(f->err, name, "true or false");
    return json_is(f->j, at, JSON_TRUE);
}

static Str raw_field(const Fields *f, Str name)
{
    JsonRef at = json_get(f->j, f->object, name);
    return at == JSON_NONE ? S("") : json_raw(f->j, at);
}

static CfPosition position(Fields *f)
{
    CfPosition p = {.epoch = text_field(f, S("epoch"))};
    p.offset = (uint64_t)int_field(f, S("offset"), 0, INT64_MAX);
    return p;
}

static void read_subscribe(Fields *f, CfCommand *c)
{
    c->recover = bool_field(f, S("recover"));
    c->recoverable = bool_field(f, S("recoverable"));
    c->positioned = bool_field(f, S("positioned"));
    c->join_leave = bool_field(f, S("join_leave"));
    c->since = position(f);
}

static void read_history(Fields *f, CfCommand *c)
{
    JsonRef since = field(f, S("since"));
    c->limit = int_field(f, S("limit"), INT32_MIN, INT32_MAX);
    c->reverse = bool_field(f, S("reverse"));
    c->has_since = since != JSON_NONE;
    if (!c->has_since || f->st != ST_OK) return;
    if (!json_is(f->j, since, JSON_OBJECT)) {
        f->st = wrong(f->err, S("since"), "an object");
        return;
    }
    f->object = since;
    c->since = position(f);
}

static void read_request(Fields *f, CfCommand *c)
{
    c->channel = text_field(f, S("channel"));
    c->token = text_field(f, S("token"));
    c->delta = text_field(f, S("delta"));
    c->name = text_field(f, S("name"));
    c->rpc_method = text_field(f, S("method"));
    c->type = int_field(f, S("type"), 0, INT32_MAX);
    c->flag = int_field(f, S("flag"), 0, INT64_MAX);
    c->data = raw_field(f, S("data"));
    if (c->method == CF_SUBSCRIBE) read_subscribe(f, c);
    if (c->method == CF_HISTORY) read_history(f, c);
}

Status cf_json_read(Str message, Arena *arena, CfCommand *ret_command, Err *err)
{
    Json j;
    CfCommand c = {.method = CF_EMPTY};
    Status st = json_parse(message, arena, &j, err);
    if (st != ST_OK) return st;
    if (!json_is(&j, 0, JSON_OBJECT)) return wrong(err, S("command"), "an object");
    Fields f = {&j, 0, arena, err, ST_OK};
    c.id = (uint32_t)int_field(&f, S("id"), 0, UINT32_MAX);
    for (CfMethod m = CF_CONNECT; m < CF_METHOD_COUNT && c.method == CF_EMPTY; m++) {
        JsonRef at = field(&f, cf_method_name(m));
        if (at == JSON_NONE) continue;
        if (!json_is(&j, at, JSON_OBJECT)) return wrong(err, cf_method_name(m), "an object");
        c.method = m;
        f.object = at;
    }
    if (c.method != CF_EMPTY) read_request(&f, &c);
    if (f.st == ST_OK) *ret_command = c;
    return f.st;
}

Status cf_json_read_emulation(Str body, Arena *arena, CfEmulation *ret_emulation, Err *err)
{
    Json j;
    Status st = json_parse(body, arena, &j, err);
    if (st != ST_OK) return st;
    if (!json_is(&j, 0, JSON_OBJECT)) return wrong(err, S("emulation request"), "an object");
    Fields f = {&j, 0, arena, err, ST_OK};
    CfEmulation e = {text_field(&f, S("session")), text_field(&f, S("node")),
                     text_field(&f, S("data"))};
    if (f.st == ST_OK) *ret_emulation = e;
    return f.st;
}
