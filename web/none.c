/* none.c: the empty table, for builds without the web pages (ORQ_WEB=OFF). */
#include "app/http/assets.h"

const Asset asset_table[1]; /* C has no empty arrays; asset_count says that none of it counts */
const size_t asset_count = 0;
