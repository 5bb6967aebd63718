/* POST /emulation: commands for a stream. They go by mail to the lane that holds it, in the order in which
 * they came here, and the answer does not wait for them: what they do is heard on the stream.
 *
 * 204 also when there is no such session: its client sees that by its stream. 404 is for another process's
 * session, so that the client begins anew. */
#include "app/app.h"
#include "app/http/cors.h"
#include "app/http/router.h"
#include "app/ws/stream.h"
#include "base/mem.h"
#include "proto/centrifuge_json.h"
#include "proto/centrifuge_pb.h"

typedef struct Parcel {
    Mail mail;
    Uuid secret;
    size_t len;
    char frame[];
} Parcel;

static void open_parcel(Mail *mail, Loop *here)
{
    Parcel *p = CONTAINER_OF(mail, Parcel, mail);
    const Lane *lane = here->lane;
    streams_say(lane->streams, p->secret, str_make(p->frame, p->len));
    mem_free(p);
}

static void forward(Request *rq, const SessionId *session, Str frame)
{
    App *app = rq->lane->app;
    if (session->lane >= app->lane_count) return;
    Lane *owner = &app->lanes[session->lane];
    if (owner == rq->lane) {
        streams_say(owner->streams, session->secret, frame);
        return;
    }
    Parcel *p = mem_alloc(sizeof(Parcel) + frame.len);
    *p = (Parcel){.mail.open = open_parcel, .secret = session->secret, .len = frame.len};
    if (frame.len) memcpy(p->frame, frame.at, frame.len);
    mailbox_post(owner->loop, &p->mail);
}

static Status read_body(Request *rq, CfEmulation *ret_emulation, Err *err)
{
    if (str_starts(request_header(rq, S("content-type")), S("application/octet-stream")))
        return cf_pb_read_emulation(rq->body, &rq->arena, ret_emulation, err);
    return cf_json_read_emulation(rq->body, &rq->arena, ret_emulation, err);
}

void stream_emulation(Request *rq)
{
    Err err = {""};
    CfEmulation e;
    SessionId session;
    if (request_header(rq, S("origin")).len)
        respond_header(rq, S("Access-Control-Allow-Credentials"), S("true"));
    if (!request_origin_is_allowed(rq)) {
        respond_error(rq, 403, S("This origin may not connect; add it to allowed_origins"));
        return;
    }
    if (rq->body.len > WS_MESSAGE_MAX) {
        respond_error(rq, 413, S("The commands are too large for one request"));
        return;
    }
    if (read_body(rq, &e, &err) != ST_OK) {
        respond_error(rq, 400, err_view(&err));
        return;
    }
    if (!str_eq(e.node, str_make(rq->lane->app->node, UUID_TEXT_LEN))) {
        respond_error(rq, 404, S("That node is not here; connect again"));
        return;
    }
    if (session_parse(e.session, &session)) forward(rq, &session, e.data);
    respond(rq, 204, (Str){NULL, 0}, S(""));
}
