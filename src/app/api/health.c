/* GET /health: the process lives and its loop turns. Whether the store takes writes is another question,
 * and another route's. */
#include "app/http/router.h"

void ops_health(Request *rq)
{
    respond_json(rq, 200, S("{\"status\":\"ok\"}"));
}
