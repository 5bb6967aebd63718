/* config_set.h: the table of settings and one setter; what the sources of a configuration (defaults,
 * file, environment, flags) share. Private to config*.c.
 *
 * `where` names the place a value came from ("orqestra.conf:3", "ORQESTRA_LISTEN", "--listen") and
 * opens every complaint. Values of TEXT are never repeated in one: some are secrets.
 *
 * Thread: the start's.  Errors: ST_INVALID, ST_TOO_BIG when all values together pass CONFIG_BYTES_MAX. */
#ifndef ORQ_APP_CONFIG_SET_H
#define ORQ_APP_CONFIG_SET_H

#include "app/config.h"
#include "base/limits.h"

enum { CONFIG_BYTES_MAX = MIB(1) };

typedef enum SettingKind { KIND_TEXT, KIND_NUMBER, KIND_SECONDS, KIND_LIST, KIND_FLAG } SettingKind;

typedef enum SettingId {
#define SETTING(kind, name, value, help) SETTING_##name,
#include "app/config.def"
#undef SETTING
    SETTING_COUNT
} SettingId;

typedef struct Setting {
    SettingKind kind;
    const char *name;
    size_t at; /* offset of its field in Config */
    const char *value, *help;
} Setting;

extern const Setting settings[SETTING_COUNT];

/* The setting whose name, each letter passed through `spell`, is `text`; NULL when there is none. */
const Setting *setting_find(Str text, char (*spell)(char letter));
Status setting_set(Config *c, const Setting *s, Str value, Str where, Err *err) MUST_USE;
/* Adds to a LIST what it does not replace. */
Status setting_append(Config *c, const Setting *s, Str value, Str where, Err *err) MUST_USE;

/* config_file.c */
Status config_read_file(Config *c, Str path, Err *err) MUST_USE;
/* config_check.c: ranges, and what must hold between settings. */
Status config_check(const Config *c, Err *err) MUST_USE;

#endif
