/* severity.h: how grave an event is, in the words of the two dialects that ask (E.10). The `category` of a
 * centrifuge publication stays the event type (X9).
 *
 *   event type         workspace   expiry
 *   global.success     success     info
 *   global.warning     warning     warning
 *   global.alert       alert       warning
 *   global.error       error       error
 *   any other          info        info
 *
 * The second word decides, so global.error.payment is an error; event types are case-sensitive (ORQ-10).
 *
 * Thread: none of its own.  Ownership: the words are constants. */
#ifndef ORQ_DOMAIN_REALTIME_SEVERITY_H
#define ORQ_DOMAIN_REALTIME_SEVERITY_H

#include "base/str.h"

typedef enum Severity {
    SEVERITY_INFO,
    SEVERITY_SUCCESS,
    SEVERITY_WARNING,
    SEVERITY_ALERT,
    SEVERITY_ERROR,
    SEVERITY_COUNT
} Severity;

Severity severity_of(Str event_type);

Str severity_workspace(Severity severity); /* info|success|warning|alert|error */
Str severity_expiry(Severity severity); /* info|warning|error: that dialect has no other (EXP-07) */

#endif
