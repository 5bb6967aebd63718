/* provider_input.h: what a body may say about a provider, checked; and a provider as the API shows it.
 *
 * Credentials never come back: of a secret field its last 4 characters, of the others all.
 *
 * Thread: none of its own.  Ownership: texts live in the arena or in the body. */
#ifndef ORQ_APP_ADMIN_PROVIDER_INPUT_H
#define ORQ_APP_ADMIN_PROVIDER_INPUT_H

#include "app/admin/fields.h"
#include "domain/catalog/provider_store.h"
#include "net/outbound.h"

typedef struct ProviderInput {
    bool has_name, has_channel, has_kind, has_base_url, has_priority, has_active, has_credentials;
    Str name, base_url; /* base_url "" = the vendor's own */
    Channel channel;
    const ProviderKind *kind;
    uint32_t priority;
    bool active;
    bool given[PROVIDER_FIELDS_MAX]; /* credentials: these fields of the kind */
    Credentials credentials;
} ProviderInput;

/* kind: of the provider that is changed; NULL when the body must say it. Problems are noted, among them
 * addresses that the policy will refuse: better now than when the first message fails. */
void provider_input_read(const Fields *f, const ProviderKinds *kinds, const ProviderKind *kind,
                         const OutboundPolicy *outbound, ProviderInput *ret_input);

/* Is the whole enough: required fields, the kind's own check, the kind's channels? */
void provider_check(const Fields *f, const ProviderKind *kind, Channel channel,
                    const Credentials *credentials);

/* kind NULL: one this build does not know; credentials NULL: they cannot be opened. webhook_url: where the
 * vendor may report to; {NULL,0} where it cannot, and for the audit log: who has it may report. */
void provider_json(Buf *out, const ProviderRow *row, const ProviderKind *kind,
                   const Credentials *credentials, Str webhook_url);

#endif
