/* bare.h: the least a process can do to bring bytes to N sockets: a loop around send(). The limit that
 * fan-out is measured against. */
#ifndef ORQ_BENCH_BARE_H
#define ORQ_BENCH_BARE_H

#include "kit.h"

typedef struct Bare {
    pid_t pid;
    int port;
    int orders; /* a pipe: each uint32_t written is a number of messages to send */
} Bare;

/* A child that accepts `count` connections and sends `frame` to each of them, once per message. */
void bare_start(Bare *b, unsigned count, Str frame);
void bare_send(Bare *b, unsigned messages);
void bare_stop(Bare *b);

#endif
