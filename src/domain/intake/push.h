/* push.h: a PUSH template and a trigger become an in-app notification and its publication.
 *
 * Rendered on the loop when the event is planned, as plain text (nothing is escaped: clients show it
 * as text). The publication's JSON object carries title, body, category, eventType (RT-08), and beyond
 * the seeds id, created_at and the variables as `data`. Variables that would burst the realtime message
 * are left out, and the object says "dataOmitted": true instead.
 *
 * Thread: none of its own.  Ownership: the notification's strings live in the context's arena. */
#ifndef ORQ_DOMAIN_INTAKE_PUSH_H
#define ORQ_DOMAIN_INTAKE_PUSH_H

#include "domain/intake/plan.h"

/* ST_OK; ST_INVALID: it cannot be shown, ret_cause says why; ST_TOO_BIG: the arena is full. */
Status push_plan(const PlanContext *ctx, const Trigger *trigger, const TenantTemplate *template,
                 NotificationPlan *ret_notification, Err *ret_cause) MUST_USE;

/* The text without what lies past max_bytes, cut between two characters. */
Str text_cut(Str text, size_t max_bytes);

#endif
