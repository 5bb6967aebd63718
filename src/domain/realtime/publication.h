/* publication.h: what is said on a channel, before any encoding. hub.h encodes it once per wire format.
 *
 * Thread: none of its own.  Ownership: a Publication borrows everything; publication_copy makes one
 * that owns itself, for the way from one thread to another. */
#ifndef ORQ_DOMAIN_REALTIME_PUBLICATION_H
#define ORQ_DOMAIN_REALTIME_PUBLICATION_H

#include "proto/centrifuge.h"

typedef enum PublicationKind {
    PUBLICATION_DATA,
    PUBLICATION_JOIN,
    PUBLICATION_LEAVE
} PublicationKind;

/* A notification in its parts, for the dialects that spell it their own way. */
typedef struct Notice {
    Str id;         /* a UUID's text */
    Str event_type; /* "" when a producer named a type itself */
    Str type;       /* the producer's word; "": by the event type (severity.h) */
    Str title, body;
    Str product_name; /* "" when there is none */
    Str expiry_date;  /* likewise */
    Str metadata;     /* JSON object; "" when there is none */
    int64_t created_ms;
    bool workspace_only; /* made for the workspace: the expiry dialect does not show it */
} Notice;

typedef struct Publication {
    PublicationKind kind;
    Str data; /* JSON without newlines: what a centrifuge client gets; "" for join and leave */
    uint64_t offset;      /* position in the channel's stream; 0: it has none */
    Str epoch;            /* of that stream; "" without one */
    Str previous;         /* to readers of deltas: the data before; "": send it whole (hub.c) */
    bool tell_epoch;      /* also when this is not the stream's first (hub.c) */
    CfClientInfo info;    /* who published (user "": the server), joined or left */
    const Notice *notice; /* NULL: nothing the other dialects could show */
} Publication;

/* Bytes that publication_copy needs, and the copy in them (`at` is aligned as mem_alloc aligns). */
size_t publication_size(const Publication *p);
Publication *publication_copy(const Publication *p, void *at);

#endif
