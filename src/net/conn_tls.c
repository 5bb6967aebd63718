/* TLS on a socket. OpenSSL never touches the socket and never has to wait for it:
 *
 *   reading   what the kernel has is read into a window on the stack; OpenSSL takes all of it, and what
 *             it opens lands in the loop's lent buffer, as on a bare socket, in one on_read;
 *   writing   a record is sealed and given to the kernel at once. What the kernel did not take of it is
 *             kept in `unsent`, and until that has gone nothing more is taken from the owner.
 *
 * So a byte that conn_write took is on its way for good: OpenSSL's own rule, to be called again with the
 * same bytes after a write that would block, could not be kept by an owner that may drop what waits. No
 * call waits for the other direction either: what a read makes OpenSSL say goes to `unsent` as well.
 * The price of a connection that does not read is one record.
 *
 *   opening --handshake--> open --conn_shutdown--> shut (close_notify is out, then the socket's end)
 *      '--first byte is no TLS--> plain: refused in plain text, everything else is dropped */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/metric.h"
#include "net/conn_open.h"
#include "net/conn_ops.h"
#include "net/tls.h"

enum { WINDOW_BYTES = KIB(32), RECORD_BYTES = KIB(16), HANDSHAKE_RECORD = 22 /* RFC 8446 5.1 */ };

_Static_assert(WINDOW_BYTES + RECORD_BYTES <= LOOP_READ_BYTES,
               "a window, and the record begun before it, fit the loop's buffer when opened");

typedef struct ConnTls {
    Conn conn; /* first */
    SSL *ssl;
    Str window; /* read from the socket, not yet taken by ssl; empty outside tls_readable */
    Buf unsent; /* sealed; non-empty exactly while conn._flushing */
    void (*refuse_plain)(int fd);
    bool spoken; /* the first byte has come */
    bool plain;  /* and it was none of TLS's */
    bool shut;   /* the owner writes no more */
    bool broken; /* nothing more goes out */
} ConnTls;

static ConnTls *of_conn(Conn *c)
{
    return (ConnTls *)(void *)c;
}

/* ---- sealed bytes, out ---- */

static void keep_unsent(ConnTls *t, Str sealed)
{
    buf_add(&t->unsent, sealed);
    if (buf_status(&t->unsent) != ST_OK) { /* it makes us talk and does not listen */
        t->broken = true;
        shutdown(t->conn._fd, SHUT_RDWR); /* conn_ended follows from the socket */
        return;
    }
    if (t->conn._flushing) return;
    t->conn._flushing = true;
    conn_watch(&t->conn);
}

static void send_sealed(ConnTls *t, Str sealed)
{
    if (t->broken) return;
    if (!t->conn._flushing) {
        struct iovec part = {(void *)(uintptr_t)sealed.at, sealed.len};
        ssize_t n = conn_tcp_write(&t->conn, &part, 1);
        if (n < 0) {
            t->broken = true;
            return;
        }
        sealed = str_from(sealed, (size_t)n);
    }
    if (sealed.len) keep_unsent(t, sealed);
}

/* ---- what OpenSSL takes for its socket ---- */

static int bio_write(BIO *bio, const char *at, int len)
{
    send_sealed(BIO_get_data(bio), str_make(at, (size_t)len));
    return len;
}

static int bio_read(BIO *bio, char *ret, int room)
{
    ConnTls *t = BIO_get_data(bio);
    Str taken = str_head(t->window, (size_t)room);
    BIO_clear_retry_flags(bio);
    if (taken.len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(ret, taken.at, taken.len);
    t->window = str_from(t->window, taken.len);
    return (int)taken.len;
}

static long bio_ctrl(BIO *bio, int what, long number, void *at)
{
    (void)bio, (void)number, (void)at;
    return what == BIO_CTRL_FLUSH; /* all is sent as it comes */
}

static BIO_METHOD *method;

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "orqestra connection");
    CHECK(method && BIO_meth_set_write(method, bio_write) == 1 &&
          BIO_meth_set_read(method, bio_read) == 1 && BIO_meth_set_ctrl(method, bio_ctrl) == 1);
}

static BIO *make_bio(ConnTls *t)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_method);
    BIO *bio = BIO_new(method);
    if (!bio) return NULL;
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- writing ---- */

typedef struct Parts {
    const struct iovec *at;
    int count;
    size_t done; /* of at[0] */
} Parts;

/* The next record's content: a view of a part when that fills it or is the last, else parts joined. */
static Str next_record(Parts *p, uint8_t joined[RECORD_BYTES])
{
    size_t len = 0;
    while (p->count && len < RECORD_BYTES) {
        Str part = str_from(str_make(p->at->iov_base, p->at->iov_len), p->done);
        Str taken = str_head(part, RECORD_BYTES - len);
        bool whole = taken.len == part.len;
        p->done = whole ? 0 : p->done + taken.len;
        if (whole) {
            p->at++;
            p->count--;
        }
        if (len == 0 && (taken.len == RECORD_BYTES || p->count == 0)) return taken;
        if (taken.len) memcpy(joined + len, taken.at, taken.len);
        len += taken.len;
    }
    return str_make(joined, len);
}

static bool seal(ConnTls *t, Str record)
{
    size_t taken;
    ERR_clear_error();
    if (SSL_write_ex(t->ssl, record.at, record.len, &taken) != 1) t->broken = true;
    return !t->broken;
}

static ssize_t tls_write(Conn *c, const struct iovec *parts, int count)
{
    ConnTls *t = of_conn(c);
    uint8_t joined[RECORD_BYTES];
    Parts rest = {parts, count, 0};
    ssize_t taken = 0;
    if (t->broken || t->shut) return -1;
    while (!c->_opening && !c->_flushing) {
        Str record = next_record(&rest, joined);
        if (record.len == 0) break;
        if (!seal(t, record)) return -1;
        taken += (ssize_t)record.len;
    }
    return taken;
}

/* ---- ending ---- */

/* close_notify, once: without it the peer must take the end for an attack (RFC 8446 6.1). */
static void say_goodbye(ConnTls *t)
{
    if (t->broken || t->conn._opening || SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN) return;
    ERR_clear_error();
    SSL_shutdown(t->ssl);
}

static void tls_shutdown(Conn *c)
{
    ConnTls *t = of_conn(c);
    t->shut = true;
    if (!c->_flushing) say_goodbye(t);
    if (!c->_flushing) shutdown(c->_fd, SHUT_WR);
}

static void tls_flush(Conn *c)
{
    ConnTls *t = of_conn(c);
    Str rest = buf_view(&t->unsent);
    struct iovec part = {(void *)(uintptr_t)rest.at, rest.len};
    ssize_t n = conn_tcp_write(c, &part, 1);
    if (n < 0) {
        conn_ended(c);
        return;
    }
    buf_consume(&t->unsent, (size_t)n);
    if (buf_len(&t->unsent)) return;
    buf_done(&t->unsent);
    c->_flushing = false;
    conn_watch(c);
    if (t->shut) tls_shutdown(c);
}

static void tls_done(Conn *c)
{
    ConnTls *t = of_conn(c);
    if (buf_len(&t->unsent) == 0) say_goodbye(t);
    if (c->_opening) metric_add_by(METRIC_TLS, METRIC_HANDSHAKE_FAILED, METRIC_NONE_ALL, 1);
    SSL_free(t->ssl);
    buf_done(&t->unsent);
    ERR_clear_error();
}

/* ---- reading ---- */

static void handshake_done(ConnTls *t)
{
    metric_add_by(METRIC_TLS,
                  SSL_session_reused(t->ssl) ? METRIC_HANDSHAKE_RESUMED : METRIC_HANDSHAKE_FULL,
                  METRIC_NONE_ALL, 1);
    t->conn._opening = false;
    conn_watch(&t->conn);
}

/* Opens all that is in the window; *ret_over: the peer said goodbye, or broke the protocol (and was told
 * so). Returns the bytes that are in the loop's buffer now. */
static size_t open_window(ConnTls *t, bool *ret_over)
{
    uint8_t *at = t->conn.loop->read_buf;
    size_t len = 0, n;
    ERR_clear_error();
    while (SSL_read_ex(t->ssl, at + len, LOOP_READ_BYTES - len, &n) == 1) len += n;
    int why = SSL_get_error(t->ssl, 0);
    if (t->conn._opening && SSL_is_init_finished(t->ssl)) handshake_done(t);
    *ret_over = why != SSL_ERROR_WANT_READ;
    if (*ret_over && why != SSL_ERROR_ZERO_RETURN) t->broken = true;
    return len;
}

/* A client that speaks plain text is told why nothing works; it must not look like a broken network. */
static void answer_plain(ConnTls *t)
{
    t->plain = t->broken = true;
    t->refuse_plain(t->conn._fd);
    shutdown(t->conn._fd, SHUT_WR);
}

/* One read of the socket. *ret_over: it has ended, or TLS has. */
static size_t read_window(ConnTls *t, bool *ret_over)
{
    uint8_t sealed[WINDOW_BYTES];
    ssize_t n = read(t->conn._fd, sealed, sizeof sealed);
    if (n <= 0) {
        *ret_over = n == 0 || (errno != EAGAIN && errno != EINTR);
        return 0;
    }
    if (!t->spoken && sealed[0] != HANDSHAKE_RECORD) answer_plain(t);
    t->spoken = true;
    if (t->plain) return 0;
    t->window = str_make(sealed, (size_t)n);
    size_t len = open_window(t, ret_over);
    t->window = S("");
    return len;
}

static void tls_readable(Conn *c)
{
    bool over = false;
    size_t len = read_window(of_conn(c), &over);
    if (len) c->events->on_read(c, c->loop->read_buf, len);
    if (over) conn_ended(c);
}

/* ---- the beginning ---- */

static const ConnOps conn_tls_ops = {tls_write, tls_readable, tls_flush, tls_shutdown, tls_done};

Conn *conn_open_tls(Loop *l, int fd, struct Peer *peer, Tls *tls, void (*refuse_plain)(int fd))
{
    ConnTls *t = mem_new(ConnTls);
    BIO *bio = make_bio(t);
    t->ssl = tls_session(tls);
    t->refuse_plain = refuse_plain;
    t->conn._opening = true;
    buf_init(&t->unsent, TLS_UNSENT_BYTES_MAX);
    if (bio && t->ssl && conn_begin(&t->conn, &conn_tls_ops, l, fd, peer)) {
        SSL_set_bio(t->ssl, bio, bio);
        return &t->conn;
    }
    BIO_free(bio);
    SSL_free(t->ssl);
    mem_free(t);
    return NULL;
}
