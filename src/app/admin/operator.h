/* operator.h: the built-in operator and how its password gets into the store.
 *
 * Without the setting operator_password one is generated at the very first start, stored, and printed
 * once. With the setting, that one holds from now on; hashing it takes its time, so the process does
 * not wait:
 *
 *   operator_load    in the write job that runs before the loops start; decides which password holds
 *   operator_start   once the loops run: hash (a reader's thread) -> write (the writer) -> settled
 *
 * Until it is settled a sign-in is compared with the password that was set, so the right password
 * works from the first request on, and so does no other. A changed password ends the sessions that
 * were made with the old one.
 *
 * Thread: as told per call.  Errors: ST_INVALID for a setting that is too long; the store's own. */
#ifndef ORQ_APP_ADMIN_OPERATOR_H
#define ORQ_APP_ADMIN_OPERATOR_H

#include "app/lane.h"

#define OPERATOR_NAME S("operator")

typedef struct Operator Operator;

Status operator_load(StoreTx *tx, Str configured, int64_t now_ms, Operator **ret_operator,
                     Err *err) MUST_USE;
/* The password to print once, or "". Valid until operator_free. */
Str operator_generated(const Operator *o);
void operator_start(Operator *o, App *app); /* on any thread, once the loops run */
void operator_free(Operator *o);            /* after loops and store ended */

/* Is a password on its way to the store? Then *ret_fits says whether this is it. Any thread. */
bool operator_decides(Operator *o, Str username, Str password, bool *ret_fits);

#endif
