/* sendgrid.h: what sendgrid.c and sendgrid_report.c share: the places of its credentials. */
#ifndef ORQ_DRIVER_PROVIDER_SENDGRID_H
#define ORQ_DRIVER_PROVIDER_SENDGRID_H

#include "port/report.h"

enum { SENDGRID_API_KEY, SENDGRID_WEBHOOK_PUBLIC_KEY };

Status sendgrid_report(const Credentials *credentials, const StatusCall *call, Arena *arena,
                       StatusReports *ret_reports, Err *err);

#endif
