#include "net/peers.h"

#include <netinet/in.h>
#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"

enum { PEERS_MAX = 1 << 20, KEY_BYTES = 9 };

struct Peer {
    char key[KEY_BYTES]; /* family, then the address or its /64 */
    unsigned count;
};

static Str key_of(const void *value)
{
    return str_make(((const Peer *)value)->key, KEY_BYTES);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Map peers = {._max = PEERS_MAX, ._key_of = key_of};
static unsigned limit;

void peers_limit(unsigned max_connections)
{
    limit = max_connections;
}

static void make_key(const struct sockaddr_storage *address, char ret[KEY_BYTES])
{
    memset(ret, 0, KEY_BYTES);
    ret[0] = (char)address->ss_family;
    if (address->ss_family == AF_INET6)
        memcpy(ret + 1, &((const struct sockaddr_in6 *)address)->sin6_addr, 8);
    else
        memcpy(ret + 1, &((const struct sockaddr_in *)address)->sin_addr, 4);
}

static Status enter(Peer *fresh, Peer **ret_peer)
{
    Peer *peer = map_get(&peers, key_of(fresh));
    if (!peer) {
        Status st = map_put(&peers, fresh);
        if (st != ST_OK) return ST_FULL;
        peer = fresh;
    }
    if (peer->count >= limit) return ST_FULL;
    peer->count++;
    *ret_peer = peer;
    return ST_OK;
}

Status peers_enter(const struct sockaddr_storage *address, Peer **ret_peer)
{
    *ret_peer = NULL;
    if (!limit) return ST_OK;
    Peer *fresh = mem_new(Peer);
    make_key(address, fresh->key);
    pthread_mutex_lock(&lock);
    Status st = enter(fresh, ret_peer);
    pthread_mutex_unlock(&lock);
    if (*ret_peer != fresh) mem_free(fresh);
    return st;
}

void peers_leave(Peer *peer)
{
    if (!peer) return;
    pthread_mutex_lock(&lock);
    bool last = --peer->count == 0;
    if (last) CHECK(map_remove(&peers, key_of(peer)) == peer);
    pthread_mutex_unlock(&lock);
    if (last) mem_free(peer);
}
