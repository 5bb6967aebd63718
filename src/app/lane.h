/* lane.h: all that one loop owns: its snapshot, its keys, its share of the hub.
 *
 * Thread: its loop.  The App behind it is shared and read-only after start, but for the parts that
 * say otherwise. */
#ifndef ORQ_APP_LANE_H
#define ORQ_APP_LANE_H

#include "base/buf.h"
#include "domain/tenant/registry.h"
#include "net/loop.h"
#include "port/store.h"
#include "proto/jwt.h"

typedef struct App App;
typedef struct Lane Lane;

struct Lane {
    App *app;
    Loop *loop;
    Snapshot *snapshot; /* the current one; whoever keeps it over a turn takes a reference */
    JwtKey *token_key;
    Buf scratch; /* lent within one call: clear it, use it, leave it */
    struct Hub *hub;
    struct HttpServer *http;
};

#endif
