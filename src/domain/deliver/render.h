/* render.h: a claimed delivery becomes the Message a vendor is given: the template version it was planned
 * with, filled from the event as it was stored.
 *
 * Rendered when it is sent, so a trigger waits for nobody (ORQ-15). The bodies of e-mails in HTML are
 * escaped; subjects, text bodies and SMS are text.
 *
 * Thread: any.  Ownership: the message lives in the arena and in what the delivery borrows from.
 * Errors: ST_INVALID with the cause of a permanent failure; ST_TOO_BIG when the arena is full. */
#ifndef ORQ_DOMAIN_DELIVER_RENDER_H
#define ORQ_DOMAIN_DELIVER_RENDER_H

#include "domain/deliver/queue_store.h"

/* template: the snapshot's, or NULL to compile claimed->body. tenant lends sender and names. */
Status message_render(const Claimed *claimed, const Tenant *tenant, const TenantTemplate *template,
                      Arena *arena, Message *ret_message, Err *err) MUST_USE;

#endif
