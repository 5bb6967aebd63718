/* trial.h: one call to one provider on an operator's word: no queue, no retry, no trace in the log of deliveries.
 *
 * It goes over the courier's own carrier, so it meets the guard, the connections and the limits that real
 * messages meet. It does not touch what the courier learned about the provider.
 *
 * Thread: courier_try on the loop it comes home to.  Ownership: the trial and all it points to belong to the courier
 * from courier_try to done, the arena included. */
#ifndef ORQ_APP_COURIER_TRIAL_H
#define ORQ_APP_COURIER_TRIAL_H

#include "app/courier/courier.h"
#include "net/loop.h"

enum { TRIALS_MAX = 8 /* under way at once */ };

typedef struct Trial {
    Mail mail;
    Loop *home;
    Arena *arena;
    const ProviderKind *kind;
    Credentials credentials;
    Str base_url; /* "": the vendor's own */
    Message message;
    void (*done)(struct Trial *trial); /* at home */
    /* results */
    Status st; /* not ST_OK: nothing was called, and err says why. ST_LIMITED: too many at once */
    Err err;
    Outcome outcome;
    Str request, answer; /* excerpts without secrets */
    int64_t took_ms;
    ProviderRequest _request;
    CarrierCall call; /* its answer, raw: whoever shows it cleans it (excerpt.h) */
    Courier *_courier;
} Trial;

/* False when the courier is about to end: done never follows. */
bool courier_try(Courier *c, Trial *trial);

#endif
