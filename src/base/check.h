/* check.h: CHECK is us being wrong; Status (status.h) is the world saying no.
 *
 * A failed CHECK prints where and what, then stops the process: state we no longer understand must
 * not be written to disk. It stays on in release builds. */
#ifndef ORQ_BASE_CHECK_H
#define ORQ_BASE_CHECK_H

#define MUST_USE          __attribute__((warn_unused_result))
#define NORETURN          __attribute__((noreturn))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define LIKELY(x)         __builtin_expect(!!(x), 1)
#define UNLIKELY(x)       __builtin_expect(!!(x), 0)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (UNLIKELY(!(condition))) check_failed(__FILE__, __LINE__, #condition);                  \
    } while (0)

NORETURN void check_failed(const char *file, int line, const char *condition);

/* The struct that holds `member` at address `at`. */
#define CONTAINER_OF(at, Type, member) ((Type *)(void *)((char *)(at)-offsetof(Type, member)))

#endif
