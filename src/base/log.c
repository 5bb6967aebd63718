#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/isotime.h"
#include "base/limits.h"
#include "base/metric.h"

enum { BUFFER_BYTES = 32768 };

static atomic_int min_level = LOG_INFO;
static _Thread_local char buffer[BUFFER_BYTES];
static _Thread_local size_t used;

static const char *const level_names[] = {"debug", "info", "warn", "error", "none"};

void log_set_level(LogLevel level)
{
    atomic_store_explicit(&min_level, (int)level, memory_order_relaxed);
}

bool log_level_parse(Str name, LogLevel *ret_level)
{
    for (int i = 0; i <= LOG_NONE; i++)
        if (str_is(name, level_names[i])) {
            *ret_level = (LogLevel)i;
            return true;
        }
    return false;
}

bool log_wants(LogLevel level)
{
    return (int)level >= atomic_load_explicit(&min_level, memory_order_relaxed);
}

LogField log_num(const char *name, int64_t value, LogNum *room)
{
    int len = snprintf(room->text, sizeof room->text, "%lld", (long long)value);
    return (LogField){name, str_make(room->text, (size_t)len), true};
}

/* Nowhere left to complain: what stderr does not take is counted, line by line. */
static void count_dropped(size_t from)
{
    int64_t lines = 0;
    for (size_t i = from; i < used; i++) lines += buffer[i] == '\n';
    metric_add(METRIC_LOG_DROPPED, lines);
}

void log_flush(void)
{
    size_t done = 0;
    while (done < used) {
        ssize_t n = write(STDERR_FILENO, buffer + done, used - done);
        if (n <= 0) {
            count_dropped(done);
            break;
        }
        done += (size_t)n;
    }
    used = 0;
}

typedef struct Line {
    char at[LOG_LINE_MAX];
    size_t len;
} Line;

/* Leaves room for the closing brace and newline: a line is cut, never broken. */
static void line_add(Line *l, const char *at, size_t len)
{
    if (len > sizeof l->at - 3 - l->len) return;
    memcpy(l->at + l->len, at, len);
    l->len += len;
}

static void line_add_z(Line *l, const char *z)
{
    line_add(l, z, strlen(z));
}

/* Everything below 0x20, DEL, and bytes above ASCII that are not clean UTF-8 continuations are
 * rare in our fields; bytes >= 0x80 are escaped as \u00XX so that a line is always valid JSON. */
static void line_add_text(Line *l, Str text)
{
    Str kept = str_head(text, LOG_FIELD_MAX);
    line_add(l, "\"", 1);
    for (size_t i = 0; i < kept.len; i++) {
        uint8_t c = (uint8_t)kept.at[i];
        if (c == '"' || c == '\\') {
            char pair[2] = {'\\', (char)c};
            line_add(l, pair, 2);
        } else if (c < 0x20 || c >= 0x7f) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", c);
            line_add(l, escape, 6);
        } else {
            line_add(l, (const char *)&c, 1);
        }
    }
    line_add(l, "\"", 1);
}

void log_write(LogLevel level, const char *event, const LogField *fields, size_t count)
{
    Line l;
    struct timespec now;
    char time_text[ISO_MS_LEN];
    l.len = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    iso_ms((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, time_text);
    line_add_z(&l, "{\"time\":\"");
    line_add(&l, time_text, sizeof time_text);
    line_add_z(&l, "\",\"level\":\"");
    line_add_z(&l, level_names[level]);
    line_add_z(&l, "\",\"event\":\"");
    line_add_z(&l, event);
    line_add_z(&l, "\"");
    for (size_t i = 0; i < count; i++) {
        size_t start = l.len;
        line_add_z(&l, ",\"");
        line_add_z(&l, fields[i].name);
        line_add_z(&l, "\":");
        if (fields[i].raw)
            line_add(&l, fields[i].value.at, fields[i].value.len);
        else
            line_add_text(&l, fields[i].value);
        if (l.len + LOG_FIELD_MAX > sizeof l.at) { /* too full to be sure it is whole */
            l.len = start;
            break;
        }
    }
    l.at[l.len++] = '}';
    l.at[l.len++] = '\n';
    if (l.len > sizeof buffer - used) log_flush();
    memcpy(buffer + used, l.at, l.len);
    used += l.len;
    if (level >= LOG_WARN) log_flush();
}
