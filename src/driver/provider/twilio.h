/* twilio.h: what twilio.c and twilio_report.c share: the places of its credentials. */
#ifndef ORQ_DRIVER_PROVIDER_TWILIO_H
#define ORQ_DRIVER_PROVIDER_TWILIO_H

#include "port/report.h"

enum { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM };

Status twilio_report(const Credentials *credentials, const StatusCall *call, Arena *arena,
                     StatusReports *ret_reports, Err *err);

#endif
