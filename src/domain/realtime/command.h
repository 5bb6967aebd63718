/* command.h: what each command of the centrifuge dialect does (command.c), for client.c alone.
 *
 * Thread: one loop. */
#ifndef ORQ_DOMAIN_REALTIME_COMMAND_H
#define ORQ_DOMAIN_REALTIME_COMMAND_H

#include "domain/realtime/client.h"

/* Runs one command and appends its reply, if it has one. 0, or the code to close with. */
CfClose client_command(Client *c, const CfCommand *command, Arena *arena, Buf *out);
void client_arm(Client *c); /* tells the transport when client_on_time is next due */

/* May this user of this tenant listen to the channel? (RT-07, E.13) */
bool channel_is_allowed(const Tenant *tenant, Str user, Str channel);

#endif
