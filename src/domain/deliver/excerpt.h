/* excerpt.h: what is kept of a call for an operator to look at: bounded, valid UTF-8, no secrets.
 *
 * Headers are not kept at all: what authorizes a call stands there. From the rest every value of a secret
 * field is taken out, as it is and as a form or a URL spells it.
 *
 * Thread: any.  Ownership: results live in the arena; {NULL,0} when it is full. */
#ifndef ORQ_DOMAIN_DELIVER_EXCERPT_H
#define ORQ_DOMAIN_DELIVER_EXCERPT_H

#include "port/provider.h"

/* "POST https://host/path" and the beginning of the body, "SMTP host:587" and that of the mail. A call
 * that succeeded keeps its first line only. */
Str excerpt_request(const ProviderRequest *request, bool whole, const ProviderKind *kind,
                    const Credentials *credentials, Arena *arena);
Str excerpt_answer(const ProviderAnswer *answer, const ProviderKind *kind,
                   const Credentials *credentials, Arena *arena);
/* Any text: a cause that repeats what a provider said. */
Str excerpt_clean(Str text, const ProviderKind *kind, const Credentials *credentials, Arena *arena);

#endif
