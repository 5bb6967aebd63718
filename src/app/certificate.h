/* certificate.h: the settings tls_cert and tls_key over the life of the process: checked and loaded at
 * start, loaded again when the files change or SIGHUP comes, and every time said in the log.
 *
 * Thread: the process's first. */
#ifndef ORQ_APP_CERTIFICATE_H
#define ORQ_APP_CERTIFICATE_H

#include "app/config.h"
#include "net/tls.h"

/* *ret_tls is NULL when the settings are empty. */
Status certificate_open(const Config *config, Tls **ret_tls, Err *err) MUST_USE;
/* For `orqestra check-config`: would it open? */
Status certificate_check(const Config *config, Err *err) MUST_USE;

typedef enum CertificateLook { CERTIFICATE_IF_CHANGED, CERTIFICATE_NOW } CertificateLook;
/* Looks at the files; a bad one is logged and the certificate in use stays. tls may be NULL. */
void certificate_look(Tls *tls, CertificateLook look);

#endif
