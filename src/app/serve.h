/* serve.h: `orqestra serve`: wire, listen, run, drain.
 *
 * Thread: the process's first. */
#ifndef ORQ_APP_SERVE_H
#define ORQ_APP_SERVE_H

#include "app/config.h"

/* Runs until SIGTERM or SIGINT. Returns the exit code: 0 after a drain, 1 when it could not start (the
 * sentence why went to stderr). */
int serve(const Config *config);

#endif
