/* login_gate.h: who may try a password now (RELIABILITY threat 23).
 *
 * After LOGIN_FREE_FAILURES failures of an account or of an address, each further try has to wait:
 * 1 s, then twice as long each time, up to LOGIN_DELAY_MAX_S. A success forgets; so does
 * LOGIN_MEMORY_S without a failure. A try that had to wait counts as nothing.
 *
 * Known cost: whoever keeps failing for an account also delays its owner, by LOGIN_DELAY_MAX_S at most.
 *
 * A hash takes 19 MiB, so only LOGIN_HASHES_AT_ONCE are let in at a time.
 *
 * Thread: any; a short lock inside.  Time: monotonic ms, an argument. */
#ifndef ORQ_APP_ADMIN_LOGIN_GATE_H
#define ORQ_APP_ADMIN_LOGIN_GATE_H

#include "base/str.h"

typedef struct LoginGate LoginGate;

typedef enum LoginWho { LOGIN_ACCOUNT, LOGIN_ADDRESS } LoginWho;

LoginGate *login_gate_new(void);
void login_gate_free(LoginGate *g);

/* Seconds until the next try is welcome, rounded up; 0: now. */
uint32_t login_gate_wait_s(LoginGate *g, LoginWho who, Str name, uint64_t mono_ms);
void login_gate_failed(LoginGate *g, LoginWho who, Str name, uint64_t mono_ms);
void login_gate_passed(LoginGate *g, LoginWho who, Str name);

bool login_gate_enter(LoginGate *g); /* false: as many hashes as allowed are being computed */
void login_gate_leave(LoginGate *g);

#endif
