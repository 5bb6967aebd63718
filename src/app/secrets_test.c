#include "app/secrets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_test.h"

typedef struct Place { /* a data directory for one test */
    char path[64], file[128];
    Config config;
} Place;

static void place_init(Place *p)
{
    *p = (Place){.path = "/tmp/orq-secrets-XXXXXX"};
    assert_non_null(mkdtemp(p->path));
    p->config.data = str_of(p->path);
}

static const char *place_file(Place *p, const char *name)
{
    snprintf(p->file, sizeof p->file, "%s/%s", p->path, name);
    return p->file;
}

static void place_write(Place *p, const char *name, Str text, mode_t mode)
{
    int fd = open(place_file(p, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.at, text.len), text.len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static mode_t place_mode(Place *p, const char *name)
{
    struct stat info;
    assert_int_equal(stat(place_file(p, name), &info), 0);
    return info.st_mode & 0777;
}

static void place_done(Place *p)
{
    unlink(place_file(p, "master.key"));
    unlink(place_file(p, "token.secret"));
    unlink(place_file(p, "other.key"));
    assert_int_equal(rmdir(p->path), 0); /* nothing else was left behind */
}

TEST(secrets_are_made_once_and_kept)
{
    Place p;
    Secrets first, again;
    place_init(&p);
    assert_status(secrets_load(&p.config, &first, NULL), ST_OK);
    assert_true(first.master_made);
    assert_int_equal(first.token_secret.len, 64);
    assert_int_equal(place_mode(&p, "master.key"), 0400);
    assert_int_equal(place_mode(&p, "token.secret"), 0600);

    assert_status(secrets_load(&p.config, &again, NULL), ST_OK);
    assert_false(again.master_made);
    assert_true(bytes_equal(first.token_secret.at, again.token_secret.at, 64));
    assert_int_equal(seal_key_id(first.master), seal_key_id(again.master));
    secrets_done(&first);
    secrets_done(&again);
    place_done(&p);
}

TEST(secrets_others_can_read_are_refused)
{
    static const mode_t open_modes[] = {0440, 0404, 0640, 0604, 0444};
    for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
        Place p;
        Secrets s;
        Err err = {""};
        place_init(&p);
        place_write(&p, "master.key",
                    S("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"),
                    open_modes[i]);
        assert_status(secrets_load(&p.config, &s, &err), ST_INVALID);
        assert_non_null(strstr(err.text, "master.key"));
        assert_non_null(strstr(err.text, "chmod"));
        place_done(&p);
    }
}

TEST(secrets_take_a_named_key_file_in_hex_or_raw)
{
    static const struct {
        Str text;
        Status st;
    } cases[] = {
        {STR_INIT("000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f"), ST_OK},
        {STR_INIT("0123456789abcdef0123456789abcdef"), ST_OK}, /* 32 raw bytes */
        {STR_INIT("0123456789abcdef0123456789abcde"), ST_INVALID},
        {STR_INIT("zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), ST_INVALID},
        {STR_INIT(""), ST_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Place p;
        Secrets s;
        place_init(&p);
        place_write(&p, "other.key", cases[i].text, 0400);
        char path[128];
        snprintf(path, sizeof path, "%s", place_file(&p, "other.key"));
        p.config.master_key_file = str_of(path);
        Status st = secrets_load(&p.config, &s, NULL);
        assert_status(st, cases[i].st);
        if (st == ST_OK) secrets_done(&s);
        assert_int_not_equal(access(place_file(&p, "master.key"), F_OK), 0);
        place_done(&p);
    }
}

TEST(secrets_never_invent_a_key_that_was_named)
{
    Place p;
    Secrets s;
    Err err = {""};
    place_init(&p);
    p.config.master_key_file = S("/nonexistent/orqestra.key");
    assert_status(secrets_load(&p.config, &s, &err), ST_INVALID);
    assert_non_null(strstr(err.text, "/nonexistent/orqestra.key"));
    place_done(&p);
}

TEST(secrets_refuse_a_short_token_secret)
{
    Place p;
    Secrets s;
    place_init(&p);
    p.config.token_secret = S("31 bytes are one less than asked");
    p.config.token_secret.len = 31;
    assert_status(secrets_load(&p.config, &s, NULL), ST_INVALID);
    p.config.token_secret.len = 32;
    assert_status(secrets_load(&p.config, &s, NULL), ST_OK);
    secrets_done(&s);
    place_done(&p);
}

TEST_MAIN()
