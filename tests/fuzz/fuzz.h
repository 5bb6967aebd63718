/* fuzz.h: what every fuzz target includes. A broken property is a failed CHECK, which libFuzzer
 * reports with the input that broke it. */
#ifndef ORQ_TESTS_FUZZ_H
#define ORQ_TESTS_FUZZ_H

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Once per process, before the first input. */
#define FUZZ_INIT()                                                                                \
    int LLVMFuzzerInitialize(int *argc, char ***argv)                                              \
    {                                                                                              \
        (void)argc, (void)argv;                                                                    \
        base_init();                                                                               \
        return 0;                                                                                  \
    }

#endif
