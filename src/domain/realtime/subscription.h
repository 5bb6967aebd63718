/* subscription.h: one channel of one centrifuge client: what it may hear there, and until when.
 *
 * A room, or a dialogue of others, is opened by a subscription token, which may end before the connection does:
 * the client then refreshes it, and loses the channel (2501) when it does not within the grace.
 *
 * Who joins and who leaves is said only while somebody in the process listens for it (people_listeners).
 *
 * Thread: one loop. */
#ifndef ORQ_DOMAIN_REALTIME_SUBSCRIPTION_H
#define ORQ_DOMAIN_REALTIME_SUBSCRIPTION_H

#include "domain/realtime/channel.h"
#include "domain/realtime/client.h"

typedef struct Subscription {
    Reader reader;      /* first */
    uint32_t expires_s; /* 0: with the connection */
    uint16_t info_len;
    bool hears_people;
    bool joined; /* its subscribe was answered */
    char *info;  /* JSON of the token, on the heap; NULL: none */
} Subscription;

static inline Subscription *subscription_of(Reader *reader)
{
    return (Subscription *)(void *)reader;
}

typedef struct ChannelGrant { /* what opens a channel */
    uint32_t expires_s;       /* 0: with the connection */
    Str info;                 /* "": none */
} ChannelGrant;

/* The `info` of a token's claims on one line; "" without one. */
Str token_info(const Json *claims, Arena *arena);

/* 0: granted. Otherwise an error for the reply, or in *ret_close a reason to close. */
CfError channel_grant(const Client *c, const ChannelName *name, const CfCommand *command,
                      Arena *arena, ChannelGrant *ret_grant, CfClose *ret_close);
/* The same for a token alone: of this channel, user and connection. */
CfError channel_token(const Client *c, const CfCommand *command, Arena *arena,
                      ChannelGrant *ret_grant, CfClose *ret_close);

/* NULL: no room. */
Subscription *subscription_new(Client *c, Str channel, const ChannelGrant *grant, WireFormat format,
                               HubWish wish);
void subscription_joined(Client *c, Subscription *s); /* its reply is out */
void subscription_set_expiry(Client *c, Subscription *s, uint32_t expires_s);
int64_t subscription_ttl_s(const Client *c, const Subscription *s); /* 0: does not expire */
void subscription_drop(Client *c, Subscription *s); /* nobody waits for it any more */

int64_t client_expiry_ms(const Client *c); /* when the first subscription is to end; 0: never */
void client_end_expired(Client *c);

CfClientInfo client_info(const Client *c, char id_text[UUID_TEXT_LEN]);
/* The same, with what the client's token for the channel says of it. */
CfClientInfo subscription_info(const Subscription *s, char id_text[UUID_TEXT_LEN]);

#endif
