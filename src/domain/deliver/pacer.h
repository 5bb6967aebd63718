/* pacer.h: how fast one provider of one tenant may be asked, learned from its answers; and its circuit
 * breaker.
 *
 *   concurrency  grows by one a round of successes, halves when told 429 or when calls time out
 *   rate         from rate headers: calls are spread when few are left, none when none is
 *   circuit      CLOSED --failures in a row, or a configuration fault--> OPEN (nobody asks) --pause--> PROBING (a few
 *                ask) --one works--> CLOSED;  --one fails--> OPEN, for twice as long
 *
 * Pure: time is an argument, monotonic, in ms.  Thread: one owner. */
#ifndef ORQ_DOMAIN_DELIVER_PACER_H
#define ORQ_DOMAIN_DELIVER_PACER_H

#include "port/provider.h"

typedef enum Circuit { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_PROBING } Circuit;

typedef struct Pacer {
    Circuit circuit;
    uint32_t failures; /* in a row */
    uint32_t pause_ms; /* the next one's */
    uint32_t pause_max_ms;
    uint64_t reopen_ms; /* OPEN: until then */
    uint32_t in_flight;
    uint32_t window;              /* calls that may be in flight */
    uint32_t successes;           /* since the window grew */
    uint64_t next_us;             /* the next call not before */
    uint32_t base_gap_us, gap_us; /* between two calls; 0: none */
} Pacer;

#define PACER_WHEN_ONE_RETURNS UINT64_MAX

void pacer_init(Pacer *p, const ProviderKind *kind, uint32_t pause_max_ms);

/* Calls that may begin now; 0: not before *ret_when_ms, or when one of those in flight returns. */
uint32_t pacer_room(Pacer *p, uint64_t now_ms, uint64_t *ret_when_ms);
bool pacer_is_open(Pacer *p, uint64_t now_ms);
void pacer_begin(Pacer *p, uint64_t now_ms);
void pacer_end(Pacer *p, const Outcome *outcome, uint64_t now_ms);

#endif
