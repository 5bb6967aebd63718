/* assets.c: a dozen files, so a walk over the table is as good as an index. */
#include "app/http/assets.h"

const Asset *asset_find(Str path)
{
    for (size_t i = 0; i < asset_count; i++)
        if (str_eq(asset_table[i].path, path)) return &asset_table[i];
    return NULL;
}
