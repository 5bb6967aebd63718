/* resend.h: what resend.c and resend_report.c share: the places of its credentials. */
#ifndef ORQ_DRIVER_PROVIDER_RESEND_H
#define ORQ_DRIVER_PROVIDER_RESEND_H

#include "port/report.h"

enum { RESEND_API_KEY, RESEND_WEBHOOK_SECRET };

Status resend_report(const Credentials *credentials, const StatusCall *call, Arena *arena,
                     StatusReports *ret_reports, Err *err);

#endif
