/* realtime_body.h: bodies and answers of the realtime server API, which are Centrifugo's: 200 with
 * {"result":{...}} or {"error":{"code","message"}}; 400 in our envelope when the body is no JSON object.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_API_REALTIME_BODY_H
#define ORQ_APP_API_REALTIME_BODY_H

#include "app/http/request.h"
#include "proto/centrifuge.h"

/* False: answered. */
bool realtime_body(Request *rq, Json *ret_json);

/* {"error":{...}}; detail says what is wrong, "" nothing beyond the code's own words. */
void realtime_put_error(Buf *out, CfError error, const char *detail);
void realtime_refuse(Request *rq, CfError error, const char *detail);
/* {"result":<json>}; error 106 when it did not fit. */
void realtime_result(Request *rq, const Buf *json);
void realtime_put_client(Buf *out, const CfClientInfo *info); /* a client as others see it */

/* A member that must be a string of 1 to max bytes. False: ret_detail says what is wrong. */
bool realtime_text(Request *rq, const Json *j, Str name, size_t max, Str *ret_text,
                   const char **ret_detail);
/* The same, for a member that may be missing ("" then). */
bool realtime_text_if_any(Request *rq, const Json *j, Str name, size_t max, Str *ret_text,
                          const char **ret_detail);
bool realtime_flag(const Json *j, Str name); /* true only for true */

#endif
