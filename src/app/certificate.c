/* Two files are not replaced in one instant. Whoever looks in between finds a pair that does not match,
 * says so, keeps the old one, and sees at the next look that the files have changed again. */
#include "app/certificate.h"

#include <time.h>

#include "base/isotime.h"
#include "base/log.h"

enum { EXPIRES_SOON_S = 14 * 86400 };

static void log_loaded(Tls *tls)
{
    int64_t expires_s = tls_expires_s(tls);
    char at[ISO_MS_LEN];
    iso_ms(expires_s * 1000, at);
    bool soon = expires_s - time(NULL) < EXPIRES_SOON_S;
    LOG(soon ? LOG_WARN : LOG_INFO,
        soon ? "tls.certificate_expires_soon" : "tls.certificate_loaded",
        log_str("expires", str_make(at, sizeof at)));
}

Status certificate_open(const Config *config, Tls **ret_tls, Err *err)
{
    *ret_tls = NULL;
    if (config->tls_cert.len == 0) return ST_OK;
    Status st = tls_open(config->tls_cert, config->tls_key, ret_tls, err);
    if (st == ST_OK) log_loaded(*ret_tls);
    return st;
}

Status certificate_check(const Config *config, Err *err)
{
    Tls *tls = NULL;
    Status st = config->tls_cert.len == 0 ? ST_OK
                                          : tls_open(config->tls_cert, config->tls_key, &tls, err);
    tls_free(tls);
    return st;
}

void certificate_look(Tls *tls, CertificateLook look)
{
    Err err = {""};
    if (!tls || (look == CERTIFICATE_IF_CHANGED && !tls_files_changed(tls))) return;
    if (tls_reload(tls, &err) == ST_OK)
        log_loaded(tls);
    else
        LOG(LOG_ERROR, "tls.certificate_refused", log_str("reason", err_view(&err)),
            log_str("meanwhile", S("the certificate loaded before stays in use")));
    log_flush();
}
