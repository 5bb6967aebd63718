/* log_filter.h: ?channel= &status= &eventType= &userId= &traceId= &from= &to= of the log.
 *
 * Names are those of the rows, spelled as the rows spell them; times are ISO 8601. A filter that is
 * given but cannot be read is refused: ignoring it would show more than was asked for.
 *
 * Thread: the loop's.  Ownership: texts live in the request's arena or in its query. */
#ifndef ORQ_APP_ADMIN_LOG_FILTER_H
#define ORQ_APP_ADMIN_LOG_FILTER_H

#include "app/http/request.h"
#include "domain/deliver/log_store.h"

/* Otherwise answers 422, naming each parameter that is wrong, and returns false. */
bool log_filter_read(Request *rq, LogFilter *ret_filter);

#endif
