/* status.h: how a call says no.
 *
 * Functions that can fail return a Status; ST_OK is 0. The optional Err carries one bounded sentence
 * for a person: what is wrong and what to do. It never allocates.
 *
 * A switch over Status names every value and has no default, so a new status asks its question at
 * compile time. */
#ifndef ORQ_BASE_STATUS_H
#define ORQ_BASE_STATUS_H

#include "base/check.h"
#include "base/str.h"

typedef enum Status {
#define STATUS(name, text) name,
#include "base/status.def"
#undef STATUS
} Status;

enum { ERR_TEXT_MAX = 240 };

typedef struct Err {
    char text[ERR_TEXT_MAX]; /* NUL-terminated; "" when nothing was said */
} Err;

const char *status_name(Status st); /* "ST_OK" */
const char *status_text(Status st);

/* Writes the sentence and is st, so that a caller can `return err_set(err, ST_..., "...")`.
 * err may be NULL. A macro, so that compiler and analyzer see that it is never ST_OK by surprise. */
#define err_set(err, st, ...)                                                                      \
    __extension__({                                                                                \
        Status err_set_st = (st); /* before the writing: st may look at errno */                   \
        err_say(err, __VA_ARGS__);                                                                 \
        err_set_st;                                                                                \
    })
void err_say(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);
Str err_view(const Err *err);

#endif
