/* One SSL_CTX for each certificate ever loaded; sessions hold a reference, so an old one goes with its
 * last connection. The lock is held for as long as it takes to take such a reference. */
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/mem.h"
#include "net/tls_tickets.h"

/* What tells one content of a file from another without reading it. Zeroed: there was none. */
typedef struct Stamp {
    struct timespec changed;
    off_t bytes;
    ino_t inode;
    dev_t device;
} Stamp;

struct Tls {
    char *cert_path, *key_path;
    TicketKeys *tickets;
    Stamp cert_seen, key_seen; /* before they were last read */
    pthread_mutex_t lock;
    SSL_CTX *current;  /* under the lock */
    int64_t expires_s; /* under the lock */
};

/* ---- the rules ---- */

/* A client that offers only protocols we do not have goes on without one: HTTP/1.1 is what follows. */
static int choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_len,
                           const unsigned char *offered, unsigned int offered_len, void *ctx)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *name;
    (void)ssl, (void)ctx;
    if (SSL_select_next_proto(&name, ret_len, ours, sizeof ours - 1, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *ret_name = name;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *make_context(TicketKeys *tickets)
{
    static const unsigned char session_context[] = "orqestra";
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    CHECK(ctx);
    CHECK(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
    CHECK(SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1); /* of 1.2 */
    CHECK(SSL_CTX_set1_groups(ctx, groups, sizeof groups / sizeof groups[0]) == 1);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); /* an idle connection: some 34 KiB less */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets: clients keep the state */
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_session_id_context(ctx, session_context, sizeof session_context - 1);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    ticket_keys_install(tickets, ctx);
    return ctx;
}

/* ---- the files ---- */

static Stamp stamp_of(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0) return (Stamp){0};
    return (Stamp){s.st_mtim, s.st_size, s.st_ino, s.st_dev};
}

static bool same_stamp(const Stamp *a, const Stamp *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
           a->bytes == b->bytes && a->inode == b->inode && a->device == b->device;
}

#define SHOWN(path) STR_FMT(str_head(str_of(path), 120))

static Status say_unreadable(const char *setting, const char *path, Err *err)
{
    return err_set(err, ST_INVALID, "%s: cannot read \"%.*s\": %m", setting, SHOWN(path));
}

static const char *last_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "unknown error";
}

static Status use_certificate(SSL_CTX *ctx, const char *path, Err *err)
{
    FILE *file = fopen(path, "re");
    if (!file) return say_unreadable("tls_cert", path, err);
    fclose(file);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, path) == 1) return ST_OK;
    unsigned long why = ERR_peek_error();
    if (ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE)
        return err_set(err, ST_INVALID, "tls_cert: \"%.*s\" holds no certificate in PEM form",
                       SHOWN(path));
    return err_set(err, ST_INVALID, "tls_cert: \"%.*s\" is not accepted: %s", SHOWN(path),
                   last_reason());
}

/* Without this OpenSSL would ask the terminal. */
static int no_passphrase(char *ret, int room, int writing, void *ctx)
{
    (void)writing, (void)ctx;
    if (room > 0) *ret = '\0';
    return -1;
}

static Status read_key(const char *path, EVP_PKEY **ret_key, Err *err)
{
    FILE *file = fopen(path, "re");
    if (!file) return say_unreadable("tls_key", path, err);
    ERR_clear_error();
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    fclose(file);
    *ret_key = key;
    if (key) return ST_OK;
    if (ERR_GET_REASON(ERR_peek_error()) == PEM_R_BAD_PASSWORD_READ ||
        ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_BAD_PASSWORD_READ)
        return err_set(err, ST_INVALID,
                       "tls_key: \"%.*s\" is protected by a passphrase; store it without one, "
                       "readable by this user only",
                       SHOWN(path));
    return err_set(err, ST_INVALID, "tls_key: \"%.*s\" holds no private key in PEM form",
                   SHOWN(path));
}

static Status use_key(SSL_CTX *ctx, const Tls *tls, Err *err)
{
    EVP_PKEY *key = NULL;
    Status st = read_key(tls->key_path, &key, err);
    if (st != ST_OK) return st;
    if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) != 1)
        st = err_set(err, ST_INVALID,
                     "tls_key: \"%.*s\" is not the key of the certificate in \"%.*s\"",
                     STR_FMT(str_head(str_of(tls->key_path), 80)),
                     STR_FMT(str_head(str_of(tls->cert_path), 80)));
    else if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
        st = err_set(err, ST_INVALID, "tls_key: \"%.*s\" is not accepted: %s", SHOWN(tls->key_path),
                     last_reason());
    EVP_PKEY_free(key);
    return st;
}

static int64_t seconds_of(const ASN1_TIME *at)
{
    struct tm utc;
    return ASN1_TIME_to_tm(at, &utc) == 1 ? (int64_t)timegm(&utc) : 0;
}

static Status check_dates(const X509 *cert, const char *path, int64_t *ret_expires_s, Err *err)
{
    int64_t from_s = seconds_of(X509_get0_notBefore(cert));
    int64_t to_s = seconds_of(X509_get0_notAfter(cert)), now_s = time(NULL);
    char day[16];
    struct tm utc;
    bool early = now_s < from_s;
    if (!early && now_s < to_s) {
        *ret_expires_s = to_s;
        return ST_OK;
    }
    time_t limit = early ? from_s : to_s;
    gmtime_r(&limit, &utc);
    strftime(day, sizeof day, "%Y-%m-%d", &utc);
    return err_set(err, ST_INVALID, "tls_cert: the certificate in \"%.*s\" %s %s", SHOWN(path),
                   early ? "is not valid before" : "expired on", day);
}

static Status load(const Tls *tls, SSL_CTX **ret_ctx, int64_t *ret_expires_s, Err *err)
{
    SSL_CTX *ctx = make_context(tls->tickets);
    Status st = use_certificate(ctx, tls->cert_path, err);
    if (st == ST_OK) st = use_key(ctx, tls, err);
    if (st == ST_OK)
        st = check_dates(SSL_CTX_get0_certificate(ctx), tls->cert_path, ret_expires_s, err);
    if (st == ST_OK)
        *ret_ctx = ctx;
    else
        SSL_CTX_free(ctx);
    ERR_clear_error();
    return st;
}

/* ---- the life of it ---- */

Status tls_open(Str cert_path, Str key_path, Tls **ret_tls, Err *err)
{
    Tls *tls = mem_new(Tls);
    tls->cert_path = str_dup_z(cert_path);
    tls->key_path = str_dup_z(key_path);
    tls->tickets = ticket_keys_new(time(NULL));
    pthread_mutex_init(&tls->lock, NULL);
    Status st = tls_reload(tls, err);
    if (st == ST_OK)
        *ret_tls = tls;
    else
        tls_free(tls);
    return st;
}

void tls_free(Tls *tls)
{
    if (!tls) return;
    SSL_CTX_free(tls->current);
    ticket_keys_free(tls->tickets);
    pthread_mutex_destroy(&tls->lock);
    free(tls->cert_path);
    free(tls->key_path);
    mem_free(tls);
}

bool tls_files_changed(const Tls *tls)
{
    Stamp cert = stamp_of(tls->cert_path), key = stamp_of(tls->key_path);
    return !same_stamp(&cert, &tls->cert_seen) || !same_stamp(&key, &tls->key_seen);
}

/* The stamps are taken first: a file that changes while it is read is read again next time. */
Status tls_reload(Tls *tls, Err *err)
{
    SSL_CTX *fresh;
    int64_t expires_s;
    tls->cert_seen = stamp_of(tls->cert_path);
    tls->key_seen = stamp_of(tls->key_path);
    Status st = load(tls, &fresh, &expires_s, err);
    if (st != ST_OK) return st;
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->current;
    tls->current = fresh;
    tls->expires_s = expires_s;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old);
    return ST_OK;
}

int64_t tls_expires_s(Tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    int64_t expires_s = tls->expires_s;
    pthread_mutex_unlock(&tls->lock);
    return expires_s;
}

SSL *tls_session(Tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *ctx = tls->current;
    SSL_CTX_up_ref(ctx);
    pthread_mutex_unlock(&tls->lock);
    SSL *ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    if (ssl) SSL_set_accept_state(ssl);
    return ssl;
}
