/* people.h: who listens to a channel, asked of every lane (gather.h).
 *
 * Thread: gather_people a lane's loop, as its visitor; gather_all_people the asker's. */
#ifndef ORQ_APP_WS_PEOPLE_H
#define ORQ_APP_WS_PEOPLE_H

#include "app/gather.h"
#include "domain/realtime/presence.h"

void gather_people(Lane *lane, uint32_t tenant_no, Str channel, GatherPart *part);
/* ST_TOO_BIG: more than one answer names. What is named stays in the parts. */
Status gather_all_people(const Gather *g, Arena *arena, Presence *ret_all) MUST_USE;

#endif
