/*                      plan              commit
 *   ACCEPTED ----------> PLANNED ----------> QUEUED <----------------------------------.
 *                           |                  | claim (durable before the call)       |
 *                           | no recipient     v            not sent after all         |
 *                           |               CLAIMED ---- (paused, drained, crashed) ---'
 *                           |                | | | |
 *                           |        settle  | | | '-- retry ----> RETRY_WAIT --claim--> CLAIMED
 *                           |                | | '---- suppress -> SUPPRESSED
 *                           '-------------.  | '------ bury ----.
 *                                         v  v                  v
 *                                        DEAD  SENT            DEAD --an operator--> QUEUED
 *                                                '--- status webhook ---> CONFIRMED, or DEAD (bounced)
 *
 * A status webhook knows better than we do what became of a message that may have gone out: it moves a delivery
 * out of QUEUED, CLAIMED and RETRY_WAIT, too, and one that was given up may turn out to have arrived.
 *
 * A claim that nobody can account for (the process died) is uncertain: back into the queue, at least
 * once; or DEAD where the template says at most once. */
#include "domain/deliver/state.h"

#define BIT(name) (1u << STATE_##name)

static const struct {
    Str name;
    DeliveryStatus status;
} states[] = {
#define STATE(name, status, text) {STR_INIT(#name), status},
#include "domain/deliver/state.def"
#undef STATE
};

static const unsigned moves[STATE_COUNT] = {
    [STATE_ACCEPTED] = BIT(PLANNED),
    [STATE_PLANNED] = BIT(QUEUED) | BIT(DEAD),
    [STATE_QUEUED] = BIT(CLAIMED) | BIT(SENT) | BIT(CONFIRMED) | BIT(DEAD),
    [STATE_CLAIMED] = BIT(QUEUED) | BIT(RETRY_WAIT) | BIT(SENT) | BIT(CONFIRMED) | BIT(DEAD) |
                      BIT(SUPPRESSED),
    [STATE_SENT] = BIT(CONFIRMED) | BIT(DEAD),
    [STATE_CONFIRMED] = 0,
    [STATE_RETRY_WAIT] = BIT(CLAIMED) | BIT(SENT) | BIT(CONFIRMED) | BIT(DEAD),
    [STATE_DEAD] = BIT(QUEUED) | BIT(CONFIRMED),
    [STATE_SUPPRESSED] = BIT(QUEUED),
};

Str delivery_state_name(DeliveryState state)
{
    return states[state].name;
}

DeliveryStatus delivery_state_status(DeliveryState state)
{
    return states[state].status;
}

bool delivery_may_move(DeliveryState from, DeliveryState to)
{
    return (moves[from] >> to & 1) != 0;
}

bool delivery_is_final(DeliveryState state)
{
    return state == STATE_SENT || state == STATE_CONFIRMED || state == STATE_DEAD ||
           state == STATE_SUPPRESSED;
}

DeliveryState delivery_state_of(DeliveryStatus status, bool claimed, bool suppressed)
{
    switch (status) {
    case DELIVERY_PENDING:
        return claimed ? STATE_CLAIMED : STATE_QUEUED;
    case DELIVERY_RETRYING:
        return claimed ? STATE_CLAIMED : STATE_RETRY_WAIT;
    case DELIVERY_SENT:
        return STATE_SENT;
    case DELIVERY_DELIVERED:
        return STATE_CONFIRMED;
    case DELIVERY_FAILED:
    case DELIVERY_STATUS_COUNT:
        break;
    }
    return suppressed ? STATE_SUPPRESSED : STATE_DEAD;
}
