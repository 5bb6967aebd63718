/* twilio_code.h: what Twilio's error codes mean for a message, in answers and in status callbacks
 * (https://www.twilio.com/docs/api/errors).
 *
 * Thread: any. */
#ifndef ORQ_DRIVER_PROVIDER_TWILIO_CODE_H
#define ORQ_DRIVER_PROVIDER_TWILIO_CODE_H

#include "port/provider.h"

/* `usual` for a code that is not listed. */
OutcomeClass twilio_code_class(int64_t code, OutcomeClass usual);

#endif
