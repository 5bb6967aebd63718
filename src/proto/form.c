#include "proto/form.h"

#include <stdlib.h>

#include "proto/url.h"

static Status decode(Str raw, Arena *arena, Str *ret_text)
{
    Str spaced;
    if (!arena_copy(arena, raw, &spaced)) return ST_TOO_BIG;
    for (size_t i = 0; i < spaced.len; i++)
        if (spaced.at[i] == '+') ((char *)(uintptr_t)spaced.at)[i] = ' '; /* our own copy */
    return url_decode(spaced, arena, ret_text);
}

Status form_parse(Str body, Arena *arena, Form *ret_form)
{
    Form form = {arena_try(arena, sizeof(FormField) * FORM_FIELDS_MAX), 0};
    if (!form.at) return ST_TOO_BIG;
    for (Str rest = body; rest.at && rest.len;) {
        Str value = str_cut(&rest, '&'), name = str_cut(&value, '=');
        if (name.len == 0) continue;
        if (form.count == FORM_FIELDS_MAX) return ST_TOO_BIG;
        FormField *field = &form.at[form.count++];
        Status st = decode(name, arena, &field->name);
        if (st == ST_OK) st = decode(value.at ? value : S(""), arena, &field->value);
        if (st != ST_OK) return st;
    }
    *ret_form = form;
    return ST_OK;
}

Str form_value(const Form *form, Str name)
{
    for (size_t i = 0; i < form->count; i++)
        if (str_eq(form->at[i].name, name)) return form->at[i].value;
    return S("");
}

static int by_name(const void *a, const void *b)
{
    const FormField *left = a, *right = b;
    int order = str_compare(left->name, right->name);
    return order ? order : str_compare(left->value, right->value);
}

void form_sort(Form *form)
{
    qsort(form->at, form->count, sizeof *form->at, by_name);
}
