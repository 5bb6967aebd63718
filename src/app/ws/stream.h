/* stream.h: centrifuge clients that cannot open a WebSocket: what they hear is one streamed HTTP response
 * (http_stream or sse), what they say comes in POSTs to /emulation, maybe on another loop.
 *
 * The session that the connect reply names is a secret, and says which lane holds the stream; the node is
 * this process.
 *
 *   OPEN --client_close--> ENDING (disconnect push, last chunk, our side shut) --the peer hangs up--> gone
 *
 * Thread: the lane's loop; streams_say is for the lane that holds the stream. */
#ifndef ORQ_APP_WS_STREAM_H
#define ORQ_APP_WS_STREAM_H

#include "app/http/request.h"
#include "base/id.h"

typedef struct Streams Streams;

Streams *streams_new(Lane *lane);
void streams_free(Streams *s);  /* all streams are gone */
void streams_drain(Streams *s); /* ends all with 3001, a slice a turn */
/* A tenant was suspended or deleted: ends its streams with 3503, a slice a turn. */
void streams_recheck(Streams *s);
bool streams_are_gone(const Streams *s);
void streams_cut(Streams *s); /* the drain took too long */

/* Every client of the lane. `see` may close the one it is shown. */
struct Client;
void streams_each(Streams *s, void (*see)(void *ctx, struct Client *c), void *ctx);

/* "<uuid>-<lane, two hex digits>" */
typedef struct SessionId {
    Uuid secret;
    uint8_t lane;
} SessionId;
enum { SESSION_TEXT_LEN = UUID_TEXT_LEN + 3 };

bool session_parse(Str text, SessionId *ret_id);
/* A frame of commands for the stream of that session; nothing happens when there is none. */
void streams_say(Streams *s, Uuid secret, Str frame);

#endif
