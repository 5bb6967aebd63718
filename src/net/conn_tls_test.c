/* The promise of conn_write within TLS: what was taken arrives, and what was not taken may be dropped. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "check_test.h"
#include "net/conn_open.h"
#include "net/tls.h"

enum { TOTAL = 3000000, SEND_BUFFER = 4096 };

/* ---- a certificate ---- */

static char cert_path[64], key_path[64];

static FILE *create(char *path, const char *end)
{
    snprintf(path, sizeof cert_path, "/tmp/orq-conn-tls-test-%d.%s", (int)getpid(), end);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    return f;
}

static void make_certificate(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_set_pubkey(cert, key);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    FILE *f = create(cert_path, "crt");
    assert_int_equal(PEM_write_X509(f, cert), 1);
    fclose(f);
    f = create(key_path, "key");
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* ---- the server's side: writes odd pieces, and drops what is not taken ---- */

static Tls *tls;
static int ends[2];
static Buf taken;              /* all that conn_write said it took */
static unsigned drops;         /* writes that were taken in part */
static uint8_t pattern[70000]; /* what is written next, always other bytes */

static void fill(uint8_t value)
{
    for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (uint8_t)(value + i / 251);
}

static void remember(const struct iovec *parts, int count, size_t n)
{
    for (int i = 0; i < count && n; i++) {
        Str part = str_head(str_make(parts[i].iov_base, parts[i].iov_len), n);
        buf_add(&taken, part);
        n -= part.len;
    }
}

static void on_writable(Conn *c)
{
    static unsigned turn;
    while (buf_len(&taken) < TOTAL) {
        fill((uint8_t)++turn);
        size_t first = turn * 37 % 300, second = turn * 7919 % 60000;
        struct iovec parts[] = {
            {pattern, first}, {pattern + first, 0}, {pattern + first, second}, {pattern, 9}};
        ssize_t n = conn_write(c, parts, 4);
        assert_true(n >= 0);
        remember(parts, 4, (size_t)n);
        if ((size_t)n == first + second + 9) continue;
        drops++;
        return;
    }
    conn_want_write(c, false);
    conn_shutdown(c);
}

static void on_read(Conn *c, uint8_t *at, size_t len)
{
    assert_int_equal(len, 2);
    assert_memory_equal(at, "go", 2);
    conn_want_write(c, true);
}

static void on_eof(Conn *c)
{
    conn_close(c);
}

static void on_closed(Conn *c)
{
    loop_stop(c->loop);
}

static const ConnEvents events = {on_read, on_writable, on_eof, on_closed};

static void open_conn(Loop *l)
{
    Conn *c = conn_open_tls(l, ends[0], NULL, tls, NULL);
    assert_non_null(c);
    c->events = &events;
    const struct iovec part = {(void *)(uintptr_t) "early", 5};
    assert_int_equal(conn_write(c, &part, 1), 0); /* nothing before the handshake */
}

/* ---- the client's side ---- */

static void read_all(SSL *ssl, Buf *got)
{
    char part[5000];
    size_t n;
    while (SSL_read_ex(ssl, part, sizeof part, &n) == 1) {
        buf_add(got, str_make(part, n));
        if (buf_len(got) % 7 == 0) usleep(200); /* now and then it is slow */
    }
    assert_int_equal(SSL_get_error(ssl, 0), SSL_ERROR_ZERO_RETURN); /* close_notify came last */
}

static void run_client(Buf *got)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, ends[1]);
    assert_int_equal(SSL_connect(ssl), 1);
    assert_int_equal(SSL_write(ssl, "go", 2), 2);
    read_all(ssl, got);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(ends[1]);
}

TEST(conn_tls_delivers_what_it_took_and_lets_the_rest_be_dropped)
{
    Err err = {""};
    Buf got;
    int room = SEND_BUFFER;
    make_certificate();
    if (tls_open(str_of(cert_path), str_of(key_path), &tls, &err) != ST_OK)
        fail_msg("%s", err.text);
    assert_false(tls_files_changed(tls));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    buf_init(&taken, MIB(8));
    buf_init(&got, MIB(8));

    Loop *l = loop_new(0);
    loop_start(l, open_conn);
    run_client(&got);
    loop_join(l);

    assert_true(drops > 50); /* the kernel was full again and again */
    assert_true(str_eq(buf_view(&got), buf_view(&taken)));
    loop_free(l);
    tls_free(tls);
    buf_done(&got);
    buf_done(&taken);
    unlink(cert_path);
    unlink(key_path);
}

TEST_MAIN()
