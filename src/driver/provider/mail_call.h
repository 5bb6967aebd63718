/* mail_call.h: one mail handed to an SMTP server, by libcurl; private to the carrier.
 *
 * Thread: the loop of its CurlLoop. */
#ifndef ORQ_DRIVER_PROVIDER_MAIL_CALL_H
#define ORQ_DRIVER_PROVIDER_MAIL_CALL_H

#include "driver/http/curl_loop.h"
#include "port/provider.h"

typedef struct MailCall {
    CurlJob job;
    CarrierCall *call;
    struct curl_slist *recipients;
    size_t given;    /* bytes of the mail that libcurl took */
    bool data_begun; /* 354 was said: from here on the mail may have arrived */
} MailCall;

/* Sets the handle up; job.finished is the caller's. ST_INVALID: a line break where none may be. */
Status mail_call_init(MailCall *m, CurlLoop *curl, CarrierCall *call, Err *err) MUST_USE;
void mail_call_read(MailCall *m, CURLcode code); /* fills in call->answer */
void mail_call_done(MailCall *m);

#endif
