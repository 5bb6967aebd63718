/* Turning text into the field a setting has in Config. The field's place comes from the table, its
 * type from the kind; the two agree because config.h and config.c expand the same line. */
#include "app/config_set.h"

static bool is_spelled(const char *name, Str text, char (*spell)(char letter))
{
    if (strlen(name) != text.len) return false;
    for (size_t i = 0; i < text.len; i++)
        if (spell(name[i]) != text.at[i]) return false;
    return true;
}

const Setting *setting_find(Str text, char (*spell)(char letter))
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (is_spelled(settings[i].name, text, spell)) return &settings[i];
    return NULL;
}

static void *field_of(Config *c, const Setting *s)
{
    return (char *)c + s->at;
}

static Status no_room(Str where, Err *err)
{
    return err_set(err, ST_TOO_BIG, "%.*s: all settings together have at most %u bytes",
                   STR_FMT(str_head(where, 100)), CONFIG_BYTES_MAX);
}

static Status set_text(Config *c, Str *field, Str value, Str where, Err *err)
{
    return arena_copy(&c->arena, value, field) ? ST_OK : no_room(where, err);
}

/* Up to 2^32 - 1: sums and products in milliseconds stay far from where int64_t ends. */
static Status set_number(int64_t *field, Str value, Str where, Err *err)
{
    uint64_t number;
    if (!str_to_u64(value, &number) || number > UINT32_MAX)
        return err_set(err, ST_INVALID, "%.*s: \"%.*s\" is no whole number from 0 to %u",
                       STR_FMT(str_head(where, 100)), STR_FMT(str_head(value, 40)), UINT32_MAX);
    *field = (int64_t)number;
    return ST_OK;
}

static Status set_flag(bool *field, Str value, Str where, Err *err)
{
    if (!str_is(value, "true") && !str_is(value, "false"))
        return err_set(err, ST_INVALID, "%.*s: \"%.*s\" is neither true nor false",
                       STR_FMT(str_head(where, 100)), STR_FMT(str_head(value, 40)));
    *field = str_is(value, "true");
    return ST_OK;
}

static uint32_t count_items(Str value)
{
    uint32_t count = 0;
    while (value.at)
        if (str_trim(str_cut(&value, ',')).len) count++;
    return count;
}

static Status append_items(Config *c, StrList *list, Str value, Str where, Err *err)
{
    StrList longer = {0};
    size_t most = (size_t)list->count + count_items(value);
    longer.at = arena_try(&c->arena, most * sizeof(Str));
    if (!longer.at) return no_room(where, err);
    for (; longer.count < list->count; longer.count++)
        longer.at[longer.count] = list->at[longer.count];
    while (longer.count < most) {
        Str item = str_trim(str_cut(&value, ','));
        if (item.len == 0) continue; /* "a,,b" and a comma at the end mean nothing */
        if (!arena_copy(&c->arena, item, &longer.at[longer.count++])) return no_room(where, err);
    }
    *list = longer;
    return ST_OK;
}

static Status set_list(Config *c, StrList *field, Str value, Str where, Err *err)
{
    StrList list = {0};
    Status st = append_items(c, &list, value, where, err);
    if (st == ST_OK) *field = list;
    return st;
}

Status setting_set(Config *c, const Setting *s, Str value, Str where, Err *err)
{
    switch (s->kind) {
    case KIND_TEXT:
        return set_text(c, field_of(c, s), value, where, err);
    case KIND_NUMBER:
    case KIND_SECONDS:
        return set_number(field_of(c, s), value, where, err);
    case KIND_LIST:
        return set_list(c, field_of(c, s), value, where, err);
    case KIND_FLAG:
        return set_flag(field_of(c, s), value, where, err);
    }
    return ST_INTERNAL;
}

Status setting_append(Config *c, const Setting *s, Str value, Str where, Err *err)
{
    if (s->kind != KIND_LIST)
        return err_set(err, ST_INVALID,
                       "%.*s: an indented line continues the one before, and %s is no list",
                       STR_FMT(str_head(where, 100)), s->name);
    return append_items(c, field_of(c, s), value, where, err);
}
