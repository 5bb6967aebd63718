/* channel.h: the three ways out, the states of a delivery, and how the wire spells them.
 *
 * Thread: any (constants). */
#ifndef ORQ_PORT_CHANNEL_H
#define ORQ_PORT_CHANNEL_H

#include "base/str.h"

typedef enum Channel { CHANNEL_EMAIL, CHANNEL_SMS, CHANNEL_PUSH, CHANNEL_COUNT } Channel;

/* ORQ-19. The numbers are stored: never renumber. */
typedef enum DeliveryStatus {
    DELIVERY_PENDING,
    DELIVERY_SENT,
    DELIVERY_DELIVERED,
    DELIVERY_FAILED,
    DELIVERY_RETRYING,
    DELIVERY_STATUS_COUNT
} DeliveryStatus;

static inline Str channel_name(Channel channel)
{
    static const Str names[] = {STR_INIT("EMAIL"), STR_INIT("SMS"), STR_INIT("PUSH")};
    return names[channel];
}
static inline bool channel_parse(Str name, Channel *ret_channel) /* case-sensitive, E.9 */
{
    for (Channel c = CHANNEL_EMAIL; c < CHANNEL_COUNT; c++)
        if (str_eq(channel_name(c), name)) {
            *ret_channel = c;
            return true;
        }
    return false;
}
static inline Str delivery_status_name(DeliveryStatus status)
{
    static const Str names[] = {STR_INIT("PENDING"), STR_INIT("SENT"), STR_INIT("DELIVERED"),
                                STR_INIT("FAILED"), STR_INIT("RETRYING")};
    return names[status];
}

/* Sets of channels are bit masks. */
typedef uint8_t ChannelSet;
#define CHANNEL_BIT(channel) ((ChannelSet)(1u << (channel)))
enum { CHANNELS_ALL = (1u << CHANNEL_COUNT) - 1 };

#endif
