/* log_json.h: deliveries and events as the admin API shows them.
 *
 * What was said to the user (payload, variables, title, body) is not in them: the log tells what
 * happened, not other people's letters. Only an attempt that failed shows how its request began.
 *
 * Thread: any.  Errors: the Buf remembers the first. */
#ifndef ORQ_APP_ADMIN_LOG_JSON_H
#define ORQ_APP_ADMIN_LOG_JSON_H

#include "base/buf.h"
#include "domain/deliver/queue_store.h"
#include "domain/deliver/timeline.h"

void log_json(Buf *out, const LogRow *row); /* one of a list */
/* The row, timeline [{"at","what","detail"?}], and attempts, one a call to a provider: [{"no","at","provider",
 * "status","class","statusCode","providerMessageId","cause","durationMs","request","answer"}]. */
void log_json_whole(Buf *out, const LogRow *row, const AttemptRows *attempts,
                    const Timeline *timeline);
/* The same, into an object that is open. */
void log_json_members(Buf *out, const LogRow *row, const AttemptRows *attempts,
                      const Timeline *timeline);
void timeline_json(Buf *out, const Timeline *timeline); /* the member alone */
void event_json(Buf *out, const EventRow *event, const LogRows *deliveries,
                const Timeline *timeline);

#endif
