/* job.h: an admin request's trip to the store: one function with a transaction, one JSON answer.
 *
 *   AdminJob *job = admin_job_new(rq, run, input);
 *   admin_job_send(job, STORE_WRITE_JOB);
 *   ... run(tx, job, err) on the store's thread: reads, writes, audits, fills job->data ...
 *   ... the answer goes out by itself: problems -> 422, a status -> its error, else the data ...
 *
 * run() works in the request's arena, which nobody else touches meanwhile.
 *
 * Thread: new and send on the loop; what takes a StoreTx inside run(). */
#ifndef ORQ_APP_ADMIN_JOB_H
#define ORQ_APP_ADMIN_JOB_H

#include "app/admin/session.h"
#include "app/admin/page.h"
#include "app/errand.h"
#include "app/secrets.h"

typedef struct AdminJob AdminJob;
typedef Status (*AdminRun)(StoreTx *tx, AdminJob *job, Err *err);

struct AdminJob {
    Request *rq;
    Arena *arena; /* the request's */
    void *input;  /* the handler's own */
    int64_t now_ms;
    const SealKey *master;
    Str actor;        /* username */
    Str trace_id;     /* {NULL,0}: none */
    Uuid tenant_id;   /* from the path, when the route has one */
    Uuid template_id; /* likewise */
    /* results */
    int status;        /* 200 unless run() says otherwise */
    Buf data;          /* the JSON of "data" */
    bool is_list;      /* then nextCursor follows */
    Str next_cursor;   /* {NULL,0}: no more */
    Problems problems; /* any: 422, and nothing was changed */
    /* Called instead of answering when the commit succeeded; may answer, or travel again. */
    void (*then)(AdminJob *job);
    AdminRun _run;
    Errand *_errand;
};

/* Answers 404 and returns NULL when an id in the path is no UUID. */
AdminJob *admin_job_new(Request *rq, AdminRun run, void *input);
/* The whole way of a list: a read job whose data are the rows, one after the other. */
void admin_job_list(Request *rq, AdminRun run, void *input);
void admin_job_send(AdminJob *job, StoreKind kind); /* again from `then`, if need be */
void admin_job_answer(AdminJob *job);               /* for `then` */

/* Every loop has the new snapshot before the answer goes out. The last thing run() does. */
Status admin_job_stage(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Err *err) MUST_USE;
Status admin_job_audit(StoreTx *tx, const AdminJob *job, uint32_t tenant_no, const char *action,
                       Uuid subject, Str before, Str after, Err *err) MUST_USE;
Status admin_job_audit_named(StoreTx *tx, const AdminJob *job, uint32_t tenant_no,
                             const char *action, Str subject, Str before, Str after,
                             Err *err) MUST_USE;              /* for things that have no UUID */
Status admin_job_refuse(AdminJob *job, Str problem) MUST_USE; /* ST_INVALID, for a 422 */

/* Inside run(): what it deleted must be nowhere in the files (StoreJob.compact). Afterwards: is it so? */
void admin_job_compact(AdminJob *job);
bool admin_job_compacted(const AdminJob *job);

#endif
