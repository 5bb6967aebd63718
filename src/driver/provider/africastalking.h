/* africastalking.h: its delivery reports and opt-outs, for its line in africastalking.c. */
#ifndef ORQ_DRIVER_PROVIDER_AFRICASTALKING_H
#define ORQ_DRIVER_PROVIDER_AFRICASTALKING_H

#include "port/report.h"

Status africastalking_report(const Credentials *credentials, const StatusCall *call, Arena *arena,
                             StatusReports *ret_reports, Err *err);

#endif
