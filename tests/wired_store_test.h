/* wired_store_test.h: an empty store in a directory of its own, behind the driver that this build is wired to: for
 * tests of domain code, which may not name a driver. One at a time.
 *
 * Thread: the test's. */
#ifndef ORQ_TESTS_WIRED_STORE_TEST_H
#define ORQ_TESTS_WIRED_STORE_TEST_H

#include <stdlib.h>
#include <unistd.h>

#include "app/wire.h"
#include "check_test.h"

static char wired_directory[64];

static inline Store *wired_store_open(void)
{
    Store *store = NULL;
    snprintf(wired_directory, sizeof wired_directory, "/tmp/orq-store-XXXXXX");
    assert_non_null(mkdtemp(wired_directory));
    const Config config = {.data = str_of(wired_directory), .store = S("sqlite:")};
    assert_status(wire_store(&config, &store, NULL), ST_OK);
    return store;
}

/* Closes it and leaves nothing behind; a file that should not be there fails the test. */
static inline void wired_store_end(Store *store)
{
    static const char *const names[] = {"orqestra.db", "orqestra.db-wal", "orqestra.db-shm",
                                        "lock"};
    char path[128];
    store_close(store);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", wired_directory, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(wired_directory), 0);
}

#endif
