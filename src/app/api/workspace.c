/* POST /workspace/{slug}/api/v1/notifications: something for those who are in a workspace now (E.21).
 *
 *   body, all its problems at once -> is it a frame's size? -> the tenant's limits -> every lane tells its own
 *   -> 202 with how many were told
 *
 * Nothing is stored: who is not there misses it (CEN-16). */
#include "app/api/body.h"
#include "app/api/limit.h"
#include "app/app.h"
#include "app/gather.h"
#include "app/http/router.h"
#include "app/ws/endpoint.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "domain/realtime/hub.h"
#include "domain/realtime/notice.h"

typedef struct Delivery { /* in the request's arena, while the lanes tell */
    Request *rq;
    Notice notice;
    Str kind, user; /* "": none, all */
    char id[UUID_TEXT_LEN];
} Delivery;

/* ---- the body ---- */

typedef struct Reading {
    const Json *json;
    Arena *arena;
    Problems *problems;
} Reading;

static JsonRef member(const Reading *r, Str name)
{
    JsonRef at = json_get(r->json, 0, name);
    return json_is(r->json, at, JSON_NULL) ? JSON_NONE : at;
}

/* A text that must be there. */
static void read_text(const Reading *r, Str name, Str problem, Str *ret_text)
{
    if (!json_string(r->json, member(r, name), r->arena, ret_text) || ret_text->len == 0)
        problems_add(r->problems, problem);
}

static void read_type(const Reading *r, Str *ret_type)
{
    JsonRef at = member(r, S("type"));

    if (at == JSON_NONE)
        *ret_type = S("info");
    else if (!json_string(r->json, at, r->arena, ret_type) || ret_type->len == 0 ||
             ret_type->len > NOTICE_WORD_MAX)
        problems_add(r->problems, S("type must be a string of 1 to 64 bytes"));
}

static void read_user(const Reading *r, Str *ret_user)
{
    JsonRef at = member(r, S("userId"));
    Str problem;

    if (at == JSON_NONE) return;
    if (!json_string(r->json, at, r->arena, ret_user))
        problems_add(r->problems, S("userId must be a string"));
    else if (!user_id_check(*ret_user, S("userId"), r->arena, &problem))
        problems_add(r->problems, problem);
}

/* CEN-13: the four families of the dialect. */
static void read_kind(const Reading *r, Str *ret_kind)
{
    static const Str kinds[] = {STR_INIT("system"), STR_INIT("data"), STR_INIT("function"),
                                STR_INIT("custom")};
    JsonRef at = member(r, S("kind"));

    if (at == JSON_NONE) return;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (json_string_is(r->json, at, kinds[i])) *ret_kind = kinds[i];
    if (ret_kind->len == 0)
        problems_add(r->problems, S("kind must be one of: system, data, function, custom"));
}

/* The kind reaches the client as metadata.kind, unless the producer's metadata has a word of its own. */
static void read_metadata(const Reading *r, Str kind, Buf *scratch, Str *ret_metadata)
{
    JsonRef at = member(r, S("metadata"));
    bool object = json_is(r->json, at, JSON_OBJECT);
    Str raw = json_raw(r->json, at);

    if (at != JSON_NONE && kind.len && !object)
        problems_add(r->problems, S("metadata must be an object when there is a kind"));
    *ret_metadata = raw;
    if (kind.len == 0 || (object && json_get(r->json, at, S("kind")) != JSON_NONE)) return;
    buf_clear(scratch);
    buf_lit(scratch, "{\"kind\":");
    json_put_string(scratch, kind);
    if (json_count(r->json, at)) {
        buf_add_byte(scratch, ',');
        buf_add(scratch, str_from(raw, 1));
    } else {
        buf_add_byte(scratch, '}');
    }
    if (!arena_copy(r->arena, buf_view(scratch), ret_metadata))
        problems_add(r->problems, S("metadata is too large"));
}

/* False: the body was refused, and answered. */
static bool read_body(Request *rq, Delivery *d)
{
    Problems problems = {.count = 0};
    Json json;

    if (!body_is_json(rq) || !request_json(rq, &json) || !body_left_room(rq)) return false;
    Reading r = {&json, &rq->arena, &problems};
    if (!json_is(&json, 0, JSON_OBJECT)) problems_add(&problems, S("the body must be an object"));
    read_text(&r, S("title"), S("title must be a string and not empty"), &d->notice.title);
    read_text(&r, S("message"), S("message must be a string and not empty"), &d->notice.body);
    read_type(&r, &d->notice.type);
    read_user(&r, &d->user);
    read_kind(&r, &d->kind);
    read_metadata(&r, d->kind, &rq->lane->scratch, &d->notice.metadata);
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

/* ---- telling ---- */

static bool fits_a_frame(Request *rq, const Notice *notice)
{
    Buf *frame = &rq->lane->scratch;

    buf_clear(frame);
    notice_put_workspace(notice, frame);
    if (buf_status(frame) == ST_OK && buf_len(frame) <= WS_MESSAGE_MAX) return true;
    respond_error(rq, 413,
                  S("A notification has at most 65,536 bytes as it goes to clients; shorten its "
                    "message or its metadata"));
    return false;
}

static void log_delivery(const Delivery *d, uint32_t heard)
{
    LogNum room;

    LOG(LOG_INFO, "workspace.notification", log_str("tenant", d->rq->tenant->id_text),
        log_str("workspace", d->rq->tenant->slug), log_str("id", d->notice.id),
        log_str("type", d->notice.type), log_str("kind", d->kind), log_str("user", d->user),
        log_num("delivered", heard, &room));
}

/* Counted first: a socket that was told may be closed by then. */
static void tell(Lane *lane, GatherPart *part)
{
    const Delivery *d = part->gather->ctx;
    Hub *hub = ws_server_realtime(lane->ws)->hub;
    uint32_t tenant_no = d->rq->tenant->no;
    NoticeChannel own = notice_channel(d->user);
    Str channel = d->user.len ? notice_channel_name(&own) : NOTICE_CHANNEL_ALL;

    part->count = hub_visit(hub, tenant_no, channel, WIRE_WORKSPACE, NULL, NULL);
    hub_publish(hub, tenant_no, channel, &(Publication){.data = S(""), .notice = &d->notice});
}

static void all_told(Gather *g)
{
    Delivery *d = g->ctx;
    Lane *lane = g->home;
    size_t heard = gather_count(g);
    Buf *out = &lane->scratch;

    gather_free(g);
    metric_add(METRIC_WORKSPACE_NOTICES, 1);
    metric_add(METRIC_WORKSPACE_DELIVERIES, heard);
    log_delivery(d, heard);
    buf_clear(out);
    buf_lit(out, "{\"id\":");
    json_put_string(out, d->notice.id);
    buf_lit(out, ",\"delivered\":");
    buf_add_u64(out, heard);
    buf_add_byte(out, '}');
    respond_json(d->rq, 202, buf_view(out));
}

void workspace_notify(Request *rq)
{
    Loop *loop = rq->lane->loop;
    Delivery *d = arena_new(&rq->arena, Delivery);

    d->rq = rq;
    d->user = d->kind = S("");
    uuid_text(uuid_v7(loop->now_ms, &loop->random), d->id);
    d->notice = (Notice){
        .id = str_make(d->id, sizeof d->id), .created_ms = loop->now_ms, .workspace_only = true};
    if (!read_body(rq, d) || !fits_a_frame(rq, &d->notice) || !limit_admit(rq, rq->tenant, 1))
        return;
    metric_add(METRIC_PUBLICATIONS, 1);
    gather_go(gather_new(rq->lane, tell, all_told, d));
}
