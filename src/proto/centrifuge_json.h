/* centrifuge_json.h: the two halves of cf_json (centrifuge.h): reading and writing.
 *
 * Thread: none of its own. */
#ifndef ORQ_PROTO_CENTRIFUGE_JSON_H
#define ORQ_PROTO_CENTRIFUGE_JSON_H

#include "proto/centrifuge.h"

bool cf_json_next(Str *rest, Str *ret_message);
Status cf_json_read(Str message, Arena *arena, CfCommand *ret_command, Err *err) MUST_USE;

/* {"session","node","data"}: data is a string that holds a frame. */
Status cf_json_read_emulation(Str body, Arena *arena, CfEmulation *ret_emulation,
                              Err *err) MUST_USE;

#endif
