/* secrets.c: read or make two small files, carefully.
 *
 * Making one: write NAME.new, fsync, rename, fsync the directory. A crash leaves either no file or
 * a whole one, so a half-written key can never seal anything. */
#include "app/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"

enum { SECRET_FILE_MAX = 4096, GENERATED_BYTES = 32, GENERATED_HEX = 2 * GENERATED_BYTES };

/* Str is not NUL-terminated; paths go through the arena to become so. */
static const char *path_z(Arena *arena, Str path)
{
    return arena_format(arena, "%.*s", STR_FMT(path)).at;
}

static Status check_private(int fd, const char *path, Err *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0) return err_set(err, ST_UNAVAILABLE, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode)) return err_set(err, ST_INVALID, "%s is not a file", path);
    if (info.st_mode & (S_IRWXG | S_IRWXO))
        return err_set(err, ST_INVALID,
                       "%s can be read by others (mode %03o); make it private: chmod 0400 %s", path,
                       (unsigned)(info.st_mode & 0777), path);
    return ST_OK;
}

/* ST_NOT_FOUND when there is no such file. */
static Status read_private(const char *path, Arena *arena, Str *ret_bytes, Err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set(err, errno == ENOENT ? ST_NOT_FOUND : ST_UNAVAILABLE, "%s: %s", path,
                       strerror(errno));
    char *bytes = arena_alloc(arena, SECRET_FILE_MAX);
    Status st = check_private(fd, path, err);
    ssize_t len = st == ST_OK ? read(fd, bytes, SECRET_FILE_MAX) : 0;
    if (st == ST_OK && len < 0) st = err_set(err, ST_UNAVAILABLE, "%s: %s", path, strerror(errno));
    if (st == ST_OK && len == SECRET_FILE_MAX)
        st = err_set(err, ST_INVALID, "%s is too long to be a secret", path);
    close(fd);
    if (st == ST_OK) *ret_bytes = str_make(bytes, (size_t)len);
    return st;
}

static bool write_all(int fd, Str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes = str_from(bytes, (size_t)n);
    }
    return true;
}

static bool sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return ok;
}

static Status write_private(const char *directory, const char *path, mode_t mode, Str bytes,
                            Arena *arena, Err *err)
{
    const char *fresh = arena_format(arena, "%s.new", path).at;
    unlink(fresh); /* left by a crash */
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool ok = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0) ok = false;
    ok = ok && rename(fresh, path) == 0 && sync_directory(directory);
    if (ok) return ST_OK;
    return err_set(err, ST_UNAVAILABLE, "%s cannot be written: %s", path, strerror(errno));
}

/* Reads DATA/name, or makes it: 64 hex digits and a newline. */
static Status read_or_make(Secrets *s, Str data, const char *name, mode_t mode, Str *ret_text,
                           bool *ret_made, Err *err)
{
    const char *directory = path_z(&s->_arena, data);
    const char *path = arena_format(&s->_arena, "%s/%s", directory, name).at;
    Status st = read_private(path, &s->_arena, ret_text, err);
    if (st != ST_NOT_FOUND) return st;

    Random random;
    uint8_t bytes[GENERATED_BYTES];
    char *hex = arena_alloc(&s->_arena, GENERATED_HEX + 1);
    random_init(&random);
    random_fill(&random, bytes, sizeof bytes);
    hex_encode(bytes, sizeof bytes, hex);
    hex[GENERATED_HEX] = '\n';
    secret_wipe(bytes, sizeof bytes);
    st = write_private(directory, path, mode, str_make(hex, GENERATED_HEX + 1), &s->_arena, err);
    if (st != ST_OK) return st;
    *ret_text = str_make(hex, GENERATED_HEX + 1);
    *ret_made = true;
    return ST_OK;
}

static Str without_newline(Str text)
{
    while (text.len && (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r')) text.len--;
    return text;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* 64 hex digits, or exactly 32 bytes (what `head -c 32 /dev/urandom` makes). */
static bool key_from(Str file, uint8_t ret_key[SEAL_KEY_BYTES])
{
    Str text = without_newline(file);
    if (text.len == 2 * SEAL_KEY_BYTES) {
        for (size_t i = 0; i < SEAL_KEY_BYTES; i++) {
            int high = hex_digit(text.at[2 * i]), low = hex_digit(text.at[2 * i + 1]);
            if (high < 0 || low < 0) return false;
            ret_key[i] = (uint8_t)(high << 4 | low);
        }
        return true;
    }
    if (file.len != SEAL_KEY_BYTES) return false;
    memcpy(ret_key, file.at, SEAL_KEY_BYTES);
    return true;
}

static Status load_master(const Config *config, Secrets *s, Err *err)
{
    uint8_t key[SEAL_KEY_BYTES];
    Str file = {NULL, 0};
    Status st;
    if (config->master_key_file.len) {
        s->master_path = config->master_key_file;
        st = read_private(path_z(&s->_arena, s->master_path), &s->_arena, &file, err);
        if (st == ST_NOT_FOUND) st = ST_INVALID; /* named, so it must be there */
    } else {
        s->master_path = arena_format(&s->_arena, "%.*s/master.key", STR_FMT(config->data));
        st = read_or_make(s, config->data, "master.key", 0400, &file, &s->master_made, err);
    }
    if (st == ST_OK && !key_from(file, key))
        st = err_set(err, ST_INVALID, "%.*s holds no key: 64 hex digits are expected",
                     STR_FMT(s->master_path));
    if (st == ST_OK) s->master = seal_key_new(key);
    secret_wipe(key, sizeof key);
    if (file.at) secret_wipe((void *)(uintptr_t)file.at, file.len);
    return st;
}

static Status load_token_secret(const Config *config, Secrets *s, Err *err)
{
    bool made = false;
    if (config->token_secret.len) {
        s->token_secret = config->token_secret;
    } else {
        Str file;
        Status st = read_or_make(s, config->data, "token.secret", 0600, &file, &made, err);
        if (st != ST_OK) return st;
        s->token_secret = without_newline(file);
    }
    if (s->token_secret.len < TOKEN_SECRET_BYTES_MIN)
        return err_set(err, ST_INVALID, "the token secret is shorter than %d bytes",
                       TOKEN_SECRET_BYTES_MIN);
    return ST_OK;
}

Status secrets_load(const Config *config, Secrets *ret_secrets, Err *err)
{
    Secrets s = {0};
    arena_init(&s._arena, KIB(64));
    Status st = load_master(config, &s, err);
    if (st == ST_OK) st = load_token_secret(config, &s, err);
    if (st == ST_OK)
        *ret_secrets = s;
    else
        secrets_done(&s);
    return st;
}

void secrets_done(Secrets *s)
{
    seal_key_free(s->master);
    arena_done(&s->_arena);
    *s = (Secrets){0};
}
