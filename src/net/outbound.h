/* outbound.h: where this server may connect to on somebody's behalf (RELIABILITY threat 18).
 *
 * Provider and key-set addresses are given by people, and this machine stands inside networks they
 * cannot reach. So only public unicast addresses may be connected to, over https on its usual ports;
 * everything else must be listed in the setting outbound_allow, as networks:
 *
 *   listed       any port, https or plain http
 *   public       https to ports 443 and 80; mail to 25, 465, 587 and 2525
 *   all others   refused: loopback, private, link-local, CGNAT, multicast, reserved, and every IPv6
 *                form that wraps an IPv4 address (mapped, NAT64, 6to4, Teredo)
 *
 * outbound_url_check refuses early and says why; it cannot see what a name resolves to. The rule is
 * kept by asking outbound_connect_allowed about the very address a socket is about to connect to.
 *
 * Pure. Thread: a policy is read-only once built. */
#ifndef ORQ_NET_OUTBOUND_H
#define ORQ_NET_OUTBOUND_H

#include <sys/socket.h>

#include "base/limits.h"
#include "base/status.h"

typedef struct OutboundNet {
    int family; /* AF_INET or AF_INET6 */
    uint8_t at[16];
    uint8_t bits;
} OutboundNet;

typedef struct OutboundPolicy { /* zeroed: nothing but public addresses */
    OutboundNet nets[OUTBOUND_NETS_MAX];
    uint32_t count;
} OutboundPolicy;

typedef enum OutboundUse { OUTBOUND_HTTPS, OUTBOUND_HTTP, OUTBOUND_MAIL } OutboundUse;

/* Adds "10.1.0.0/16", "fd00::/8" or one address. ST_INVALID tells how to write it. */
Status outbound_policy_add(OutboundPolicy *policy, Str network, Err *err) MUST_USE;

/* The address alone, whatever the port. */
bool outbound_address_allowed(const OutboundPolicy *policy, const struct sockaddr *address);
/* Address and port together: ask this before a socket connects. */
bool outbound_connect_allowed(const OutboundPolicy *policy, const struct sockaddr *address,
                              OutboundUse use);

/* An http or https URL in its plain spelling. ST_INVALID: it is none, or an odd spelling of one;
 * ST_FORBIDDEN: where it points is not allowed. */
Status outbound_url_check(const OutboundPolicy *policy, Str url, Err *err) MUST_USE;
/* The same of a host alone, brackets around IPv6 or not: a mail server's, whose port is seen at connect. */
Status outbound_host_check(const OutboundPolicy *policy, Str host, Err *err) MUST_USE;

#endif
