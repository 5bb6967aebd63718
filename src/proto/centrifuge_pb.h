/* centrifuge_pb.h: the two halves of cf_protobuf (centrifuge.h): reading and writing; and the envelope in
 * which the emulation transports carry commands.
 *
 * Thread: none of its own.  Errors: ST_INVALID for what is no such message, or when it would take more
 * than the arena gives. */
#ifndef ORQ_PROTO_CENTRIFUGE_PB_H
#define ORQ_PROTO_CENTRIFUGE_PB_H

#include <client.pb-c.h>

#include "proto/centrifuge.h"

#define PB(name) Centrifugal__Centrifuge__Protocol__##name

bool cf_pb_next(Str *rest, Str *ret_message);
Status cf_pb_read(Str message, Arena *arena, CfCommand *ret_command, Err *err) MUST_USE;
Status cf_pb_read_emulation(Str body, Arena *arena, CfEmulation *ret_emulation, Err *err) MUST_USE;

#endif
