/* errand.h: a request's way to the store and back.
 *
 *   Errand *e = errand_new(rq, my_back);           (in the request's arena)
 *   e->feed = (FeedCall){...};  errand_send(e, STORE_FEED);
 *   ...the store works...
 *   my_back(rq, e)          on the request's own loop; e->call.st tells how it went; answer now.
 *
 * A request does not wait for a stuck disk: after the setting store_timeout it is answered 500 ("not
 * known, send it again"), and the errand goes on without a connection, as if the client had gone. It
 * keeps the request and its arena until it is home.
 *
 * errand_send answers 500 itself and returns false when the store takes no more calls. `back` runs
 * exactly once otherwise, also when the client has gone (answers are then dropped).
 *
 * An errand that changes tenants sets `staged` inside its job's run(); after the commit every loop
 * gets the new snapshot first, and only then does `back` run: the next request on any loop sees it.
 *
 * Thread: the loop's, but for run(). */
#ifndef ORQ_APP_ERRAND_H
#define ORQ_APP_ERRAND_H

#include "app/http/request.h"

typedef struct Errand Errand;

struct Errand {
    Mail mail;
    Request *rq;
    void (*back)(Request *rq, Errand *e);
    Timer deadline;
    void *extra; /* the handler's own; job.run finds it through CONTAINER_OF(job, Errand, job) */
    bool changes_tenant; /* set by run() once `staged` is filled */
    StagedTenant staged;
    union {
        StoreCall call; /* the head of each of these */
        AcceptCall accept;
        FeedCall feed;
        MarkReadCall mark_read;
        StreamCall stream;
        StoreJob job;
    };
};

Errand *errand_new(Request *rq, void (*back)(Request *rq, Errand *e));
bool errand_send(Errand *e, StoreKind kind);

/* On the writer, after the commit of what was staged: every loop gets the new snapshot, then `done` goes
 * to `home`. Errands do it by themselves; this is for jobs that no request sent. */
void snapshot_swap(App *app, StagedTenant *staged, Loop *home, Mail *done);

/* For jobs: the registry to stage changes in; call it only inside run(). */
Registry *errand_registry(const Errand *e);

#endif
