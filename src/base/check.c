#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr,
            "{\"level\":\"fatal\",\"event\":\"check.failed\",\"at\":\"%s:%d\",\"check\":\"%s\"}\n",
            file, line, condition);
    abort();
}
