/* assets_route.h: the pages and scripts inside the binary (assets.h) over HTTP: ETag, gzip, CSP.
 *
 * Thread: the lane's loop. */
#ifndef ORQ_APP_HTTP_ASSETS_ROUTE_H
#define ORQ_APP_HTTP_ASSETS_ROUTE_H

#include "app/http/request.h"

bool assets_answer(Request *rq); /* false: the path is no asset */

#endif
