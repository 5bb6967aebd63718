/* kinds.h: every vendor this program knows. A new one is a file beside this, with a line in kinds.c.
 *
 * Thread: any (constants). */
#ifndef ORQ_DRIVER_PROVIDER_KINDS_H
#define ORQ_DRIVER_PROVIDER_KINDS_H

#include "port/provider.h"

extern const ProviderKind kind_africastalking, kind_log, kind_resend, kind_sendgrid, kind_smtp,
    kind_twilio, kind_webhook;

const ProviderKinds *provider_kinds(void);

#endif
