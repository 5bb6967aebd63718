/* trigger.h: what a backend asked for, checked.
 *
 * trigger_parse reads the body of POST /api/v1/events/trigger and collects every problem it finds, the
 * ones about eventType first, in the words clients expect (E.8).
 *
 * Thread: none of its own.  Ownership: all strings live in the arena or the body. */
#ifndef ORQ_DOMAIN_INTAKE_TRIGGER_H
#define ORQ_DOMAIN_INTAKE_TRIGGER_H

#include "base/arena.h"
#include "port/channel.h"
#include "proto/json.h"

enum { PROBLEMS_MAX = 16 };

typedef struct Problems { /* the sentences of a 422, in the order a client sees them */
    Str text[PROBLEMS_MAX];
    uint32_t count;
} Problems;

void problems_add(Problems *p, Str sentence); /* ignored when full; sentence is borrowed */

typedef struct Trigger {
    Str event_type;
    Str event_id;        /* {NULL,0} when the client sent none */
    ChannelSet channels; /* CHANNELS_ALL when not narrowed */
    Str user_id;
    Str recipient_email, recipient_phone; /* "" when absent */
    Str payload_raw, variables_raw;       /* JSON objects; variables_raw is "{}" when absent */
    Json payload;   /* the routing fields of it alone: other keys are no template data (API-18) */
    Json variables; /* its root is that object */
    int64_t send_at_ms; /* as sent; 0 when absent. trigger_time says what it means now */
    Str raw;            /* the body it was read from */
    Str trace_id;       /* from the header; "" when none; set by the caller */
    Str key;            /* idempotency key; "" when none; set by the caller */
} Trigger;

/* ST_OK, or ST_INVALID with at least one problem. Never anything else. */
Status trigger_parse(Str body, Arena *arena, Trigger *ret_trigger, Problems *ret_problems) MUST_USE;

/* What sendAt means at now_ms: a moment in the past or within SCHEDULE_NOW_MS is now, and send_at_ms becomes 0;
 * one too far ahead is one for the problems. */
void trigger_time(Trigger *t, int64_t now_ms, Problems *problems);

/* The routing fields of a payload as an object of their own: what templates may fall back to. Other keys of
 * it are not template data (API-18). False when the arena is full. */
bool trigger_routing(const Json *json, JsonRef payload, Arena *arena, Json *ret_routing) MUST_USE;

/* E.14: 1..USER_ID_MAX bytes of UTF-8 without '#', ',' and control characters. On false, *ret_problem
 * says which rule (e.g. "payload.userId must not contain '#'", `field` being "payload.userId"). */
bool user_id_check(Str user_id, Str field, Arena *arena, Str *ret_problem);

#endif
