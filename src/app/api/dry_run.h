/* dry_run.h: ?dryRun=true: what a trigger would do, and why it would do no more.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_API_DRY_RUN_H
#define ORQ_APP_API_DRY_RUN_H

#include "app/http/request.h"

/* Answers with every channel, either as a delivery (rendered) or as skipped (with its reason). Changes
 * nothing: no row, no key, no count. */
void dry_run(Request *rq, const Tenant *tenant, const Trigger *trigger);

#endif
