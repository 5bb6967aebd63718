/* command.h: what each command of the centrifuge dialect does, for client.c alone: one function a command
 * in cmd_*.c, chosen by client_command (command.c).
 *
 * A command appends its reply, if it has one now, to `out`; strings of the command live in the frame or
 * in the arena and end with the call. It returns 0, or the code to close with.
 *
 * Thread: one loop. */
#ifndef ORQ_DOMAIN_REALTIME_COMMAND_H
#define ORQ_DOMAIN_REALTIME_COMMAND_H

#include "domain/realtime/channel.h"
#include "domain/realtime/client.h"

CfClose client_command(Client *c, const CfCommand *command, Arena *arena, CfOut *out);

CfClose cmd_connect(Client *c, const CfCommand *command, Arena *arena, CfOut *out);
CfClose cmd_refresh(Client *c, const CfCommand *command, Arena *arena, CfOut *out);
CfClose cmd_subscribe(Client *c, const CfCommand *command, Arena *arena, CfOut *out);
CfClose cmd_unsubscribe(Client *c, const CfCommand *command, Arena *arena, CfOut *out);
CfClose cmd_sub_refresh(Client *c, const CfCommand *command, Arena *arena, CfOut *out);
CfClose cmd_publish(Client *c, const CfCommand *command, Arena *arena, CfOut *out);
CfClose cmd_presence(Client *c, const CfCommand *command, Arena *arena, CfOut *out);
CfClose cmd_history(Client *c, const CfCommand *command, Arena *arena, CfOut *out);
CfClose cmd_rpc(Client *c, const CfCommand *command, Arena *arena, CfOut *out);

/* ---- for the commands ---- */

/* Messages of the server's own making, in one frame: begin, append, send (nothing appended: nothing sent).
 * Not inside a command: its `out` is the same scratch. */
CfOut client_begin(Client *c);
void client_send(Client *c, CfOut *out);

void client_arm(Client *c); /* tells the transport when client_on_time is next due */
Str client_user(const Client *c);
Reader *client_reader(const Client *c, Str channel); /* its subscription; NULL without one */

static inline const CfCodec *codec_of(const Client *c)
{
    return wire_codec((WireFormat)c->writer.format);
}
/* Ends a subscription. A subscribe that still waits is answered with an error first: to `out`, or in a
 * frame of its own when that is NULL. */
void client_leave(Client *c, Reader *reader, CfOut *out);

#endif
