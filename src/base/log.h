/* log.h: one JSON object a line on stderr.
 *
 * Lines are collected per thread and written when log_flush is called (a loop does so once a turn)
 * or the buffer is full, so a busy loop pays one write for many lines. Every control character is
 * escaped and every field capped (LOG_FIELD_MAX), so a peer can neither forge nor flood a line.
 * Never pass a secret, a token or a query string.
 *
 *   log_info("tenant.created", "tenant", str_of(id), "name", name, NULL);
 *
 * Field names are C strings, values are Str (log_line ends at a NULL name); log_num makes one from a
 * number. Below app/ and the store's threads nothing logs: it returns.
 *
 * Thread: any. */
#ifndef ORQ_BASE_LOG_H
#define ORQ_BASE_LOG_H

#include "base/str.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NONE } LogLevel;

void log_set_level(LogLevel level);
bool log_level_parse(Str name, LogLevel *ret_level); /* debug, info, warn, error, none */
bool log_wants(LogLevel level);

typedef struct LogField {
    const char *name;
    Str value;
    bool raw; /* value is a JSON number or literal already */
} LogField;

typedef struct LogNum {
    char text[24];
} LogNum;
/* A field from a number; the text lives in *room, which must outlive the log call. */
LogField log_num(const char *name, int64_t value, LogNum *room);
static inline LogField log_str(const char *name, Str value)
{
    return (LogField){name, value, false};
}

void log_write(LogLevel level, const char *event, const LogField *fields, size_t count);
void log_flush(void);

#define LOG(level, event, ...)                                                                     \
    do {                                                                                           \
        if (log_wants(level)) {                                                                    \
            const LogField log_fields_[] = {__VA_ARGS__};                                          \
            log_write(level, event, log_fields_, sizeof log_fields_ / sizeof log_fields_[0]);      \
        }                                                                                          \
    } while (0)

#endif
