#include "domain/realtime/presence.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "domain/realtime/subscription.h"

/* ---- clients ---- */

typedef struct Looking {
    Presence *presence;
    Arena *arena;
} Looking;

static bool see_reader(void *ctx, const Reader *r)
{
    const Subscription *s = (const Subscription *)(const void *)r;
    Looking *l = ctx;
    Presence *p = l->presence;
    char *id = arena_try(l->arena, UUID_TEXT_LEN);
    p->truncated = p->count == PRESENCE_MAX || !id;
    if (p->truncated) return false;
    CfClientInfo *info = &p->clients[p->count];
    *info = subscription_info(s, id);
    p->truncated = !arena_copy(l->arena, info->user, &info->user) ||
                   !arena_copy(l->arena, info->conn_info, &info->conn_info) ||
                   !arena_copy(l->arena, info->chan_info, &info->chan_info);
    p->count += !p->truncated;
    return !p->truncated;
}

static bool count_reader(void *ctx, const Reader *r)
{
    (void)r;
    ++*(uint32_t *)ctx;
    return true;
}

void presence_of(Hub *h, uint32_t tenant_no, Str channel, Arena *arena, Presence *ret_presence)
{
    uint32_t count = 0;
    *ret_presence = (Presence){0};
    if (!channel_is_sane(channel)) return; /* those are read by sessions of other dialects */
    hub_each_reader(h, tenant_no, channel, count_reader, &count);
    if (count > PRESENCE_MAX) count = PRESENCE_MAX;
    ret_presence->clients = arena_try(arena, sizeof(CfClientInfo) * (count + 1));
    ret_presence->truncated = !ret_presence->clients;
    if (ret_presence->truncated) return;
    hub_each_reader(h, tenant_no, channel, see_reader, &(Looking){ret_presence, arena});
}

bool presence_join(const Presence *const parts[], int count, Arena *arena, Presence *ret_all)
{
    Presence all = {0};
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        if (parts[i]->truncated) return false;
        total += parts[i]->count;
    }
    if (total > PRESENCE_MAX) return false;
    all.clients = arena_try(arena, sizeof(CfClientInfo) * (total + 1));
    if (!all.clients) return false;
    for (int i = 0; i < count; i++) {
        if (parts[i]->count == 0) continue;
        memcpy(all.clients + all.count, parts[i]->clients, sizeof *all.clients * parts[i]->count);
        all.count += parts[i]->count;
    }
    *ret_all = all;
    return true;
}

static int by_user(const void *a, const void *b)
{
    return str_compare(((const CfClientInfo *)a)->user, ((const CfClientInfo *)b)->user);
}

uint32_t presence_users(Presence *p)
{
    uint32_t users = 0;
    if (p->count) qsort(p->clients, p->count, sizeof *p->clients, by_user);
    for (uint32_t i = 0; i < p->count; i++)
        users += i == 0 || !str_eq(p->clients[i].user, p->clients[i - 1].user);
    return users;
}

/* ---- channels ---- */

static Str name_of(const void *value)
{
    return ((const ChannelCount *)value)->channel;
}

void channel_counts_init(ChannelCounts *all)
{
    *all = (ChannelCounts){mem_zero(sizeof(ChannelCount) * REALTIME_CHANNELS_MAX), 0, mem_new(Map)};
    map_init(all->_by_name, REALTIME_CHANNELS_MAX, name_of);
}

void channel_counts_add(ChannelCounts *all, const ChannelCount *more, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        ChannelCount *known = map_get(all->_by_name, more[i].channel);
        if (known) {
            known->clients += more[i].clients;
            continue;
        }
        if (all->count == REALTIME_CHANNELS_MAX) continue; /* but those known go on counting */
        ChannelCount *c = &all->at[all->count];
        *c = more[i];
        if (map_put(all->_by_name, c) == ST_OK) all->count++;
    }
}

void channel_counts_done(ChannelCounts *all)
{
    map_done(all->_by_name);
    mem_free(all->_by_name);
    mem_free(all->at);
}

/* Goes back to the last '*' when the text behind it does not fit: linear times the stars. */
bool channel_matches(Str pattern, Str channel)
{
    size_t p = 0, c = 0, star = SIZE_MAX, resume = 0;
    if (pattern.len == 0) return true;
    while (c < channel.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            star = p++;
            resume = c;
        } else if (p < pattern.len && pattern.at[p] == channel.at[c]) {
            p++;
            c++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            c = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*') p++;
    return p == pattern.len;
}
