/* template_json.h: a template as the admin API shows it.  Thread: any. */
#ifndef ORQ_APP_ADMIN_TEMPLATE_JSON_H
#define ORQ_APP_ADMIN_TEMPLATE_JSON_H

#include "base/buf.h"
#include "domain/catalog/template_store.h"

void template_json(Buf *out, const TemplateRow *row);

#endif
