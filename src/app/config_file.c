/* The file: `name = value`, comments on lines of their own (# or ;), lists over several lines when
 * the further ones are indented. inih does the reading; what it would do silently - cut a long line,
 * drop what follows " ;", take a second value for the same name - is refused here, because the value
 * may be a password. */
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/config_set.h"

typedef struct ConfigFile {
    Config *config;
    FILE *file;
    Str path;
    int line;             /* of the text inih looks at, from 1 */
    bool is_continuation; /* that line is indented */
    bool seen[SETTING_COUNT];
    Status st; /* the first failure */
    Err *err;
    char where[160]; /* "path:line" */
} ConfigFile;

static Str where(ConfigFile *f)
{
    int len = snprintf(f->where, sizeof f->where, "%.*s:%d", STR_FMT(str_head(f->path, 120)),
                       f->line);
    return str_make(f->where, (size_t)len);
}

static void complain(ConfigFile *f, const char *what)
{
    f->st = err_set(f->err, ST_INVALID, "%.*s: %s", STR_FMT(where(f)), what);
}

static Status cannot_read(ConfigFile *f) /* errno says why */
{
    return err_set(f->err, ST_INVALID, "%.*s: cannot be read: %m", STR_FMT(str_head(f->path, 120)));
}

static bool is_comment(Str line)
{
    Str text = str_trim(line);
    return text.len && (text.at[0] == '#' || text.at[0] == ';');
}

static bool has_comment_behind(Str line)
{
    for (size_t i = 1; i < line.len; i++)
        if (line.at[i] == ';' && (line.at[i - 1] == ' ' || line.at[i - 1] == '\t')) return true;
    return false;
}

static void look_at_line(ConfigFile *f, Str line, bool is_whole)
{
    f->line++;
    f->is_continuation = line.len && (line.at[0] == ' ' || line.at[0] == '\t');
    if (is_comment(line)) {
        if (!is_whole) complain(f, "the line is too long");
        return;
    }
    if (!is_whole)
        complain(f, "the line is too long; a list may go on in an indented line, "
                    "anything else has room in the environment");
    else if (line.len && line.at[0] == '[')
        complain(f, "there are no sections here");
    else if (has_comment_behind(line))
        complain(f, "a comment stands on a line of its own");
}

/* inih's source of lines: fgets, but nothing more after a failure. */
static char *read_line(char *at, int room, void *ctx)
{
    ConfigFile *f = ctx;
    if (f->st != ST_OK || !fgets(at, room, f->file)) return NULL;
    Str line = str_of(at);
    bool is_whole = (line.len && line.at[line.len - 1] == '\n') || feof(f->file);
    look_at_line(f, line, is_whole);
    return f->st == ST_OK ? at : NULL;
}

static char spell_as_is(char c)
{
    return c;
}

/* inih's sink; called again with the same name for an indented line. 1 is success. */
static int take_setting(void *ctx, const char *section, const char *name, const char *value)
{
    ConfigFile *f = ctx;
    (void)section;
    if (f->st != ST_OK) return 0;
    const Setting *s = setting_find(str_of(name), spell_as_is);
    if (!s) {
        f->st = err_set(f->err, ST_INVALID, "%.*s: there is no setting \"%.60s\"",
                        STR_FMT(where(f)), name);
        return 0;
    }
    bool *seen = &f->seen[s - settings];
    if (*seen && f->is_continuation)
        f->st = setting_append(f->config, s, str_of(value), where(f), f->err);
    else if (*seen)
        f->st = err_set(f->err, ST_INVALID, "%.*s: %s is set twice", STR_FMT(where(f)), name);
    else
        f->st = setting_set(f->config, s, str_of(value), where(f), f->err);
    *seen = true;
    return f->st == ST_OK;
}

static Status parse(ConfigFile *f)
{
    int bad_line = ini_parse_stream(read_line, f, take_setting, f);
    if (f->st != ST_OK) return f->st;
    if (ferror(f->file)) return cannot_read(f);
    if (bad_line > 0) {
        f->line = bad_line;
        complain(f, "expected name = value");
    } else if (bad_line < 0) {
        f->st = err_set(f->err, ST_UNAVAILABLE, "no memory to read the settings");
    }
    return f->st;
}

Status config_read_file(Config *c, Str path, Err *err)
{
    ConfigFile f = {.config = c, .path = path, .err = err};
    char *path_z = str_dup_z(path);
    f.file = fopen(path_z, "re");
    Status st = f.file ? parse(&f) : cannot_read(&f);
    if (f.file) fclose(f.file);
    free(path_z);
    return st;
}
