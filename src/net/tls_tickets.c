/* Two keys are enough: a ticket lives no longer than a key seals (SSL_CTX_set_timeout), so when the key
 * before the last one goes, nothing it sealed is still good. */
#include "net/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/mem.h"

struct TicketKeys {
    pthread_mutex_t lock;
    TicketKey current, before; /* a zeroed `before` opens nothing: its time is long past */
};

static TicketKey make_key(int64_t now_s)
{
    TicketKey key = {.until_s = now_s + TLS_TICKET_KEY_LIFE_S};
    CHECK(RAND_bytes(key.name, sizeof key.name) == 1);
    CHECK(RAND_priv_bytes(key.cipher, sizeof key.cipher) == 1);
    CHECK(RAND_priv_bytes(key.mac, sizeof key.mac) == 1);
    return key;
}

TicketKeys *ticket_keys_new(int64_t now_s)
{
    TicketKeys *keys = mem_new(TicketKeys);
    pthread_mutex_init(&keys->lock, NULL);
    keys->current = make_key(now_s);
    return keys;
}

void ticket_keys_free(TicketKeys *keys)
{
    if (!keys) return;
    pthread_mutex_destroy(&keys->lock);
    OPENSSL_cleanse(keys, sizeof *keys);
    mem_free(keys);
}

/* Under the lock. */
static void roll(TicketKeys *keys, int64_t now_s)
{
    if (now_s < keys->current.until_s) return;
    keys->before = keys->current;
    keys->current = make_key(now_s);
}

TicketKey ticket_keys_current(TicketKeys *keys, int64_t now_s)
{
    pthread_mutex_lock(&keys->lock);
    roll(keys, now_s);
    TicketKey key = keys->current;
    pthread_mutex_unlock(&keys->lock);
    return key;
}

static bool opens(const TicketKey *key, const uint8_t *name, int64_t now_s)
{
    return now_s < key->until_s + TLS_TICKET_KEY_LIFE_S &&
           memcmp(key->name, name, TICKET_NAME_BYTES) == 0;
}

bool ticket_keys_find(TicketKeys *keys, const uint8_t name[TICKET_NAME_BYTES], int64_t now_s,
                      TicketKey *ret_key, bool *ret_old)
{
    pthread_mutex_lock(&keys->lock);
    roll(keys, now_s);
    const TicketKey *found = opens(&keys->current, name, now_s)  ? &keys->current
                             : opens(&keys->before, name, now_s) ? &keys->before
                                                                 : NULL;
    if (found) {
        *ret_key = *found;
        *ret_old = found != &keys->current;
    }
    pthread_mutex_unlock(&keys->lock);
    return found != NULL;
}

/* ---- OpenSSL's side ---- */

static bool use_mac(EVP_MAC_CTX *mac, TicketKey *key)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static int seal(TicketKeys *keys, uint8_t *name, uint8_t *iv, EVP_CIPHER_CTX *cipher,
                EVP_MAC_CTX *mac)
{
    TicketKey key = ticket_keys_current(keys, time(NULL));
    memcpy(name, key.name, sizeof key.name);
    int done = RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
               EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key.cipher, iv) == 1 &&
               use_mac(mac, &key);
    OPENSSL_cleanse(&key, sizeof key);
    return done ? 1 : -1;
}

/* 0: not known, a whole handshake follows. 1: resumed. 2: resumed, and a new ticket is sent. */
static int unseal(TicketKeys *keys, const uint8_t *name, const uint8_t *iv, EVP_CIPHER_CTX *cipher,
                  EVP_MAC_CTX *mac)
{
    TicketKey key;
    bool old;
    if (!ticket_keys_find(keys, name, time(NULL), &key, &old)) return 0;
    int done = use_mac(mac, &key) &&
               EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key.cipher, iv) == 1;
    OPENSSL_cleanse(&key, sizeof key);
    return !done ? -1 : old ? 2 : 1;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int sealing)
{
    TicketKeys *keys = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    return sealing ? seal(keys, name, iv, cipher, mac) : unseal(keys, name, iv, cipher, mac);
}

void ticket_keys_install(TicketKeys *keys, SSL_CTX *ctx)
{
    SSL_CTX_set_app_data(ctx, keys);
    SSL_CTX_set_timeout(ctx, TLS_TICKET_KEY_LIFE_S);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
}
