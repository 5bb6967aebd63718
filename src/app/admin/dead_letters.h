/* dead_letters.h: what looking at dead letters and acting on them share.
 *
 * Thread: none of its own. */
#ifndef ORQ_APP_ADMIN_DEAD_LETTERS_H
#define ORQ_APP_ADMIN_DEAD_LETTERS_H

#include "app/admin/job.h"
#include "domain/deliver/dead_store.h"

enum { DEAD_REASON_MAX = 500 };

#endif
