/* tls_tickets.h: the keys that seal session tickets, so that a client that comes back need not pay for
 * a whole handshake again, nor we: after a restart of a proxy or a network, thousands come at once.
 *
 * A key seals for TLS_TICKET_KEY_LIFE_S and opens for as long again, then it is forgotten: what was
 * recorded with an old ticket cannot be read with keys found later. Keys live in memory only and outlast
 * a change of the certificate.
 *
 * Thread: any (a short lock). */
#ifndef ORQ_NET_TLS_TICKETS_H
#define ORQ_NET_TLS_TICKETS_H

#include <stdbool.h>
#include <stdint.h>

enum { TICKET_NAME_BYTES = 16, TICKET_KEY_BYTES = 32 };

typedef struct TicketKey {
    uint8_t name[TICKET_NAME_BYTES]; /* travels with the ticket */
    uint8_t cipher[TICKET_KEY_BYTES], mac[TICKET_KEY_BYTES];
    int64_t until_s; /* Unix time: seals before, opens TLS_TICKET_KEY_LIFE_S longer */
} TicketKey;

typedef struct TicketKeys TicketKeys;

TicketKeys *ticket_keys_new(int64_t now_s);
void ticket_keys_free(TicketKeys *keys); /* NULL is fine */

/* The one to seal with; makes a new one when its time has come. */
TicketKey ticket_keys_current(TicketKeys *keys, int64_t now_s);
/* The one of that name, while it may open; *ret_old: it seals no more, give the client a new ticket. */
bool ticket_keys_find(TicketKeys *keys, const uint8_t name[TICKET_NAME_BYTES], int64_t now_s,
                      TicketKey *ret_key, bool *ret_old);

/* Makes a context seal and open its tickets with these keys, which must outlive it. */
struct ssl_ctx_st;
void ticket_keys_install(TicketKeys *keys, struct ssl_ctx_st *ctx);

#endif
