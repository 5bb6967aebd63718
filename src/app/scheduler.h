/* scheduler.h: events that wait for their sendAt happen when it comes, each once.
 *
 * Lane 0 sleeps until the earliest is due; whoever commits an earlier one wakes it. What is due goes out in
 * rounds of SCHEDULE_ROUND: read, planned a slice a turn, accepted in one transaction that takes the
 * waiting rows along, published. Between two rounds the writer and the loop belong to everybody else.
 *
 * Thread: new and free where the process starts; start and look on lane 0's loop; note on the store's
 * writer. */
#ifndef ORQ_APP_SCHEDULER_H
#define ORQ_APP_SCHEDULER_H

#include "app/lane.h"

typedef struct Scheduler Scheduler;

Scheduler *scheduler_new(Lane *lane); /* before any loop runs: nobody meets a process without one */
void scheduler_start(Scheduler *s);   /* what came due while nobody looked goes out now */
void scheduler_free(Scheduler *s);    /* after the store is closed; NULL is fine */

/* After a commit: what of it waits, and until when. */
void scheduler_note(Scheduler *s, const AcceptCall *call);

/* Something may be due that was not (a tenant is back). */
void scheduler_look(Scheduler *s);

#endif
