/* Two things end a silent socket, and one timer serves both: the end of its token, and the end of the
 * patience with it. Activity only notes the time; the timer, when it comes, looks how long ago that was. */
#include "domain/realtime/dialect_workspace.h"

#include "base/limits.h"
#include "domain/realtime/notice.h"
#include "domain/realtime/user_token.h"

static const Str unauthorized = STR_INIT("Unauthorized: invalid token");

void workspace_init(Workspace *w, Realtime *realtime, const DialectOps *ops)
{
    *w = (Workspace){.realtime = realtime, .ops = ops, .active_ms = *realtime->now_ms};
    writer_init(&w->writer, &ops->writer, WIRE_WORKSPACE, realtime->backlog);
}

void workspace_leave(Workspace *w)
{
    if (!w->tenant) return;
    while (w->writer._readers) hub_unsubscribe(w->realtime->hub, w->writer._readers);
    tenant_unref(w->tenant);
    w->tenant = NULL;
}

void workspace_done(Workspace *w)
{
    workspace_leave(w);
    writer_done(&w->writer);
}

void workspace_close(Workspace *w, WorkspaceClose code, Str reason)
{
    if (!w->tenant) return;
    workspace_leave(w);
    w->ops->close(&w->writer, (uint16_t)code, reason);
}

/* ---- entering ---- */

static void refuse(Workspace *w, WorkspaceClose code, Str reason)
{
    w->ops->close(&w->writer, (uint16_t)code, reason);
}

static void arm(Workspace *w)
{
    int64_t silent_ms = w->active_ms + w->realtime->workspace_idle_ms;
    w->ops->arm(&w->writer, silent_ms < w->expires_ms ? silent_ms : w->expires_ms);
}

static Status subscribe(Workspace *w, Str channel, Reader *reader)
{
    return hub_subscribe(w->realtime->hub, w->tenant->no, channel, WIRE_WORKSPACE, HUB_DATA,
                         &w->writer, reader);
}

static void join(Workspace *w, const UserToken *t, uint64_t order)
{
    NoticeChannel own = notice_channel(t->user);

    w->tenant = tenant_ref(t->tenant);
    w->expires_ms = t->expires_ms;
    w->order = order;
    Status st = subscribe(w, notice_channel_name(&own), &w->own);
    if (st == ST_OK) st = subscribe(w, NOTICE_CHANNEL_ALL, &w->all);
    if (st == ST_OK)
        arm(w);
    else
        workspace_close(w, WORKSPACE_SLOW, S("The server is full; try again later"));
}

static void enter(Workspace *w, Str token, Str slug, uint64_t order, Arena *arena)
{
    const GrantSources sources = realtime_grants(w->realtime);
    UserToken t;

    switch (user_token_open(&sources, slug, token, arena, &t)) {
    case ST_OK:
        if (user_token_opens_workspace(&t, slug))
            join(w, &t, order);
        else
            refuse(w, WORKSPACE_UNAUTHORIZED, S("Unauthorized: no access to this workspace"));
        return;
    case ST_EXPIRED:
        refuse(w, WORKSPACE_EXPIRED, S("Token expired"));
        return;
    case ST_UNAVAILABLE: /* not 4001, on which clients stop for good */
        refuse(w, WORKSPACE_SLOW, S("The token's key is being fetched; try again"));
        return;
    default:
        refuse(w, WORKSPACE_UNAUTHORIZED, unauthorized);
    }
}

void workspace_enter(Workspace *w, Str token, Str slug, uint64_t order)
{
    Arena arena;

    if (token.len == 0) {
        refuse(w, WORKSPACE_UNAUTHORIZED, S("Unauthorized: missing token"));
        return;
    }
    if (slug.len == 0) {
        refuse(w, WORKSPACE_MISSING, S("Missing workspaceSlug"));
        return;
    }
    arena_init(&arena, REQUEST_ARENA_MAX);
    enter(w, token, slug, order, &arena);
    arena_done(&arena);
}

/* ---- being in ---- */

void workspace_on_activity(Workspace *w)
{
    w->active_ms = *w->realtime->now_ms;
}

void workspace_on_time(Workspace *w)
{
    int64_t now_ms = *w->realtime->now_ms;

    if (!w->tenant) return;
    if (now_ms >= w->expires_ms)
        workspace_close(w, WORKSPACE_EXPIRED, S("Token expired"));
    else if (now_ms >= w->active_ms + w->realtime->workspace_idle_ms)
        workspace_close(w, WORKSPACE_SHUTDOWN, S("Inactivity timeout"));
    else
        arm(w);
}

static void replace(Writer *session, void *ctx)
{
    Workspace *w = (Workspace *)(void *)session;
    const uint64_t *order = ctx;

    if (w->order < *order)
        workspace_close(w, WORKSPACE_REPLACED, S("Replaced by a newer connection"));
}

void workspace_replace(Hub *hub, uint32_t tenant_no, Str channel, uint64_t order)
{
    hub_visit(hub, tenant_no, channel, WIRE_WORKSPACE, replace, &order);
}
