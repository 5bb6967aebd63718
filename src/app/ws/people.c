#include "app/ws/people.h"

#include "app/ws/endpoint.h"
#include "base/limits.h"

void gather_people(Lane *lane, uint32_t tenant_no, Str channel, GatherPart *part)
{
    Presence *found = arena_new(&part->arena, Presence);
    presence_of(ws_server_realtime(lane->ws)->hub, tenant_no, channel, &part->arena, found);
    part->found = found;
}

Status gather_all_people(const Gather *g, Arena *arena, Presence *ret_all)
{
    const Presence *parts[LOOPS_MAX];
    for (int i = 0; i < g->part_count; i++) parts[i] = g->parts[i].found;
    return presence_join(parts, g->part_count, arena, ret_all) ? ST_OK : ST_TOO_BIG;
}
