/* Sentences about a place in the source. Columns count characters, from 1. */
#include "domain/template/syntax.h"

#include <stdarg.h>
#include <stdio.h>

enum { BRIEF_BYTES = 60 };

Str syntax_brief(Str name)
{
    size_t len = name.len < BRIEF_BYTES ? name.len : BRIEF_BYTES;
    while (len < name.len && len > 0 && ((uint8_t)name.at[len] & 0xc0) == 0x80) len--;
    return str_head(name, len);
}

Status syntax_error(Str source, size_t at, Err *err, Status st, const char *format, ...)
{
    char what[ERR_TEXT_MAX];
    size_t line = 1, column = 1;
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    for (size_t i = 0; i < at && i < source.len; i++) {
        if (source.at[i] == '\n')
            line++, column = 1;
        else if (((uint8_t)source.at[i] & 0xc0) != 0x80)
            column++;
    }
    return err_set(err, st, "line %zu, column %zu: %.190s", line, column, what);
}
