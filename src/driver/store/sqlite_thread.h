/* sqlite_thread.h: a named thread with every signal blocked: signals belong to the main loop. */
#ifndef ORQ_DRIVER_STORE_SQLITE_THREAD_H
#define ORQ_DRIVER_STORE_SQLITE_THREAD_H

#include <pthread.h>
#include <signal.h>

#include "base/check.h"

static inline void thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *),
                                void *arg)
{
    sigset_t all, before;

    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    CHECK(pthread_create(ret_thread, NULL, run, arg) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    pthread_setname_np(*ret_thread, name); /* for people who look; may fail */
}

#endif
