/* Any bytes as one frame of cf_protobuf:
 *  1. reading never takes more than its arena may, whatever the bytes;
 *  2. a command that was read, written as JSON and read again is the same command: both encodings
 *     understand each other. `data` is compared where it is JSON, which is all that JSON can carry;
 *  3. a frame ends: every message takes at least one byte of it. */
#include "fuzz.h"

#include "proto/centrifuge_json.h"
#include "proto/centrifuge_pb.h"

FUZZ_INIT()

static void put_text(Buf *b, const char *name, Str value)
{
    buf_format(b, "\"%s\":", name);
    json_put_string(b, value);
    buf_add_byte(b, ',');
}

static void put_int(Buf *b, const char *name, int64_t value)
{
    buf_format(b, "\"%s\":%lld,", name, (long long)value);
}

static void put_bool(Buf *b, const char *name, bool value)
{
    buf_format(b, "\"%s\":%s,", name, value ? "true" : "false");
}

static void put_request(Buf *b, const CfCommand *c, bool with_data)
{
    put_text(b, "channel", c->channel);
    put_text(b, "token", c->token);
    put_text(b, "method", c->rpc_method);
    put_text(b, "name", c->name);
    put_text(b, "delta", c->delta);
    put_int(b, "type", c->type);
    put_int(b, "flag", c->flag);
    put_int(b, "limit", c->limit);
    put_bool(b, "recover", c->recover);
    put_bool(b, "recoverable", c->recoverable);
    put_bool(b, "positioned", c->positioned);
    put_bool(b, "join_leave", c->join_leave);
    put_bool(b, "reverse", c->reverse);
    if (c->has_since) {
        buf_lit(b, "\"since\":{");
        put_text(b, "epoch", c->since.epoch);
        buf_format(b, "\"offset\":%llu},", (unsigned long long)c->since.offset);
    } else {
        put_text(b, "epoch", c->since.epoch);
        put_int(b, "offset", (int64_t)c->since.offset);
    }
    if (with_data) {
        buf_lit(b, "\"data\":");
        buf_add(b, c->data);
        buf_add_byte(b, ',');
    }
    put_int(b, "unknown", 1);
    buf_truncate(b, buf_len(b) - 1);
}

static void check_equal(const CfCommand *a, const CfCommand *b, bool with_data)
{
    CHECK(a->id == b->id && a->method == b->method);
    CHECK(str_eq(a->channel, b->channel) && str_eq(a->token, b->token));
    CHECK(str_eq(a->rpc_method, b->rpc_method) && str_eq(a->name, b->name));
    CHECK(str_eq(a->delta, b->delta) && a->type == b->type && a->flag == b->flag);
    CHECK(a->since.offset == b->since.offset && str_eq(a->since.epoch, b->since.epoch));
    CHECK(a->has_since == b->has_since && a->recover == b->recover);
    CHECK(a->recoverable == b->recoverable && a->positioned == b->positioned);
    CHECK(a->join_leave == b->join_leave && a->reverse == b->reverse && a->limit == b->limit);
    if (with_data) CHECK(str_eq(a->data, b->data));
}

static bool is_json(Str text, Arena *arena)
{
    Json j;
    return text.len && json_parse(text, arena, &j, NULL) == ST_OK &&
           str_eq(json_raw(&j, 0), text); /* no space around it */
}

static bool has_nul(Str text) /* JSON text refuses it, protobuf's does not */
{
    return str_find(text, '\0') >= 0;
}

static void check_command(const CfCommand *c, Arena *arena)
{
    CfCommand again;
    Buf json;
    bool with_data = is_json(c->data, arena);
    if (has_nul(c->channel) || has_nul(c->token) || has_nul(c->rpc_method) || has_nul(c->name) ||
        has_nul(c->delta) || has_nul(c->since.epoch))
        return;
    buf_init(&json, MIB(1));
    buf_format(&json, "{\"id\":%u", c->id);
    if (c->method != CF_EMPTY) {
        Str name = cf_method_name(c->method);
        buf_format(&json, ",\"%.*s\":{", STR_FMT(name));
        put_request(&json, c, with_data);
        buf_add_byte(&json, '}');
    }
    buf_add_byte(&json, '}');
    CHECK(buf_status(&json) == ST_OK);
    CHECK(cf_json_read(buf_view(&json), arena, &again, NULL) == ST_OK);
    check_equal(c, &again, with_data);
    buf_done(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str rest = str_make(data, size), message;
    if (size > WS_MESSAGE_MAX) return 0;
    for (size_t left = rest.len + 1; cf_pb_next(&rest, &message); left = rest.len + 1) {
        Arena arena;
        CfCommand c;
        CfEmulation e;
        CHECK(rest.len < left - 1);
        arena_init(&arena, REQUEST_ARENA_MAX);
        if (cf_pb_read(message, &arena, &c, NULL) == ST_OK) check_command(&c, &arena);
        (void)!cf_pb_read_emulation(message, &arena, &e, NULL);
        CHECK(arena_bytes(&arena) <= REQUEST_ARENA_MAX);
        arena_done(&arena);
    }
    return 0;
}
