#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
#define STATUS(name, text) #name,
#include "base/status.def"
#undef STATUS
};

static const char *const texts[] = {
#define STATUS(name, text) text,
#include "base/status.def"
#undef STATUS
};

const char *status_name(Status st)
{
    return names[st];
}

const char *status_text(Status st)
{
    return texts[st];
}

void err_say(Err *err, const char *format, ...)
{
    if (!err) return;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
}

Str err_view(const Err *err)
{
    return str_of(err->text);
}
