/* state.h: the life of a delivery: one enum, one table of legal moves, drawn in state.c.
 *
 * The store keeps a state in three columns: `status` is what the world sees (ORQ-19), `claim` whether a
 * courier holds it, `suppressed` tells the two failures apart. delivery_state_of reads them back.
 *
 * Thread: any (constants). */
#ifndef ORQ_DOMAIN_DELIVER_STATE_H
#define ORQ_DOMAIN_DELIVER_STATE_H

#include "port/channel.h"

typedef enum DeliveryState {
#define STATE(name, status, text) STATE_##name,
#include "domain/deliver/state.def"
#undef STATE
    STATE_COUNT
} DeliveryState;

Str delivery_state_name(DeliveryState state);              /* "RETRY_WAIT" */
DeliveryStatus delivery_state_status(DeliveryState state); /* as the wire shows it */
bool delivery_may_move(DeliveryState from, DeliveryState to);
bool delivery_is_final(DeliveryState state); /* nothing follows by itself */

DeliveryState delivery_state_of(DeliveryStatus status, bool claimed, bool suppressed);

#endif
