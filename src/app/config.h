/* config.h: every setting once (config.def), from file < environment < flags, checked at start.
 *
 * An unknown key, a bad value or an unreadable file stops the start with a sentence that names it.
 *
 * Thread: loaded at start, read-only after. */
#ifndef ORQ_APP_CONFIG_H
#define ORQ_APP_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"

typedef struct StrList {
    Str *at;
    uint32_t count;
} StrList;

typedef Str ConfigTEXT;
typedef int64_t ConfigNUMBER;
typedef int64_t ConfigSECONDS;
typedef StrList ConfigLIST;
typedef bool ConfigFLAG;

typedef struct Config {
    Arena arena; /* owns all strings */
#define SETTING(kind, name, value, help) Config##kind name;
#include "app/config.def"
#undef SETTING
} Config;

/* args: the command line after the command word. Flags are --name VALUE or --name=VALUE, plus
 * --config FILE. environ is an array of "NAME=value" ended by NULL. */
Status config_load(int arg_count, char **args, char **environment, Config **ret_config,
                   Err *err) MUST_USE;
void config_free(Config *config);
void config_help(Buf *out); /* the table, for `orqestra serve --help` */

#endif
