/* hub.h: who listens to what, and how one publication reaches ten thousand sockets.
 *
 * A channel is keyed (tenant, name), so equal names of two tenants never meet (E.12). Each wire format
 * in use (and within it, whoever wants to hear of joins) has a Run: a shared log of framed bytes plus its readers. A reader is a cursor into the log.
 * Publishing appends and marks the run; hub_pump then visits the readers in slices and writes each
 * everything between its cursor and the tail in one call. Batching needs no timer: what was published
 * while others were served goes out together.
 *
 *   log    [chunk][chunk][chunk--tail]        publish appends here
 *              ^        ^     ^
 *              |        |     readers that are served: cursor at the tail, own nothing
 *              |        readers the current pass has not reached yet
 *              a reader whose socket is full: pins its chunk until the socket drains
 *
 * A channel exists only while someone listens; a silent one holds no log.
 *
 * A subscriber that must first be told what it missed is held (hub_hold): the log is kept for it, from
 * before its question to the store on, and nothing is delivered. Then hub_release skips what the answer
 * already contained. Positions of a stream reach the hub in their order, so that is a part of the log
 * that begins where the holding began.
 *
 * Thread: one loop.  Errors: hub_subscribe ST_TOO_BIG at CHANNELS_PER_LOOP_MAX. */
#ifndef ORQ_DOMAIN_REALTIME_HUB_H
#define ORQ_DOMAIN_REALTIME_HUB_H

#include "base/list.h"
#include "domain/realtime/wire_format.h"
#include "domain/realtime/writer.h"

typedef struct Hub Hub;
typedef struct Run Run;
typedef struct RunChunk RunChunk;

struct Reader { /* one subscription of one socket; embedded in or owned by the dialect's client */
    ListNode _node; /* in the run's readers */
    Reader *_next_of_writer;
    Run *_run;
    Writer *_writer;
    uint64_t _pos;    /* cursor: byte position in the run */
    RunChunk *_chunk; /* pinned while the socket is full, else NULL */
    uint64_t _told;   /* position of the stream up to which its reply told everything; 0: none */
};

/* `wake` is called when hub_pump has become needed (at most once until it is called). */
Hub *hub_new(void (*wake)(void *ctx), void *ctx);
void hub_free(Hub *h); /* no readers may be left */

typedef enum HubWish { /* what a reader wants to hear */
                       HUB_DATA,
                       HUB_DATA_AND_PEOPLE /* who joins and who leaves as well */
} HubWish;

Status hub_subscribe(Hub *h, uint32_t tenant_no, Str channel, WireFormat format, HubWish wish,
                     Writer *w, Reader *reader) MUST_USE;
void hub_unsubscribe(Hub *h, Reader *reader);
bool reader_wants_deltas(const Reader *reader); /* its format has WIRE_DELTA */
Str reader_channel(const Reader *reader);
Reader *reader_next(const Reader *reader); /* the next subscription of the same socket */
static inline Writer *reader_writer(const Reader *reader)
{
    return reader->_writer;
}

/* Encodes what the readers of the channel need; the publication is borrowed for the call. */
void hub_publish(Hub *h, uint32_t tenant_no, Str channel, const Publication *p);
/* Visits at most `budget` readers. True: more is waiting, call again after the sockets had a turn. */
bool hub_pump(Hub *h, unsigned budget);

/* Right after hub_subscribe: delivers nothing until hub_release. Whoever is held while another reader of the
 * same channel and format is starts where that one does, so that one answer can serve both. */
void hub_hold(Hub *h, Reader *reader);
/* For the owners of held readers: a pointer of theirs, one for all that are held together. NULL at first and
 * after any of the run's readers unsubscribed; its place is gone when nobody is held any more. */
void **hub_hold_tag(const Reader *reader);
/* Its reply is sent, and told everything up to `top` of the stream of that epoch (0: there is none yet). The
 * store's answer may overtake the publications it already covers: those are skipped when they come. */
void hub_release(Hub *h, Reader *reader, uint64_t top, uint64_t epoch);
/* The reader came before its stream had an epoch: the channel's next publication tells it. */
void hub_want_epoch(Hub *h, Reader *reader);

/* The sockets that read the channel in that format: calls visit (which may unsubscribe its own) unless it
 * is NULL, and returns how many there are. */
uint32_t hub_visit(Hub *h, uint32_t tenant_no, Str channel, WireFormat format,
                   void (*visit)(Writer *w, void *ctx), void *ctx);

uint32_t hub_channel_count(const Hub *h);
/* Everyone who listens to a channel, in any format. `see` changes nothing; false ends it. */
void hub_each_reader(Hub *h, uint32_t tenant_no, Str channel,
                     bool (*see)(void *ctx, const Reader *r), void *ctx);
/* Every channel of a tenant and how many listen. Walks all channels of the loop. */
void hub_each_channel(const Hub *h, uint32_t tenant_no,
                      bool (*see)(void *ctx, Str channel, uint32_t readers), void *ctx);

/* For writer.c: writes from the cursor on; true when the reader has nothing left to write. */
bool reader_resume(Reader *reader);
bool reader_finish_frame(
    Reader *reader); /* the frame the kernel took in part; true when complete */
Str reader_frame_rest(const Reader *reader);  /* its bytes not yet taken */
Str reader_frame_whole(const Reader *reader); /* all of it */

#endif
