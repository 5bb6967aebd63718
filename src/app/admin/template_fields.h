/* template_fields.h: what a body may say about a template, checked; and what it does to a row.
 *
 * Thread: none of its own.  Ownership: texts live in the arena or in the body. */
#ifndef ORQ_APP_ADMIN_TEMPLATE_FIELDS_H
#define ORQ_APP_ADMIN_TEMPLATE_FIELDS_H

#include "app/admin/fields.h"
#include "domain/catalog/template_store.h"
#include "domain/tenant/tenant_store.h"

typedef struct TemplateFields {
    bool has_event_type, has_channel, has_format, has_subject, has_body, has_target, has_active,
        has_delivery;
    Str event_type;
    Channel channel;
    TemplateFormat format;
    Str subject, body;
    Str target_channel; /* "" = global_system */
    bool active;
    bool at_most_once; /* "delivery": what to do when it is not known whether a message went out */
} TemplateFields;

/* Problems are noted in f->problems; subject and body are compiled to find theirs. */
void template_fields_read(const Fields *f, TemplateFields *ret_input);
/* Two fields the preview reads alike. */
void template_fields_channel(const Fields *f, TemplateFields *in);
void template_fields_format(const Fields *f, TemplateFields *in);

void template_fields_apply(const TemplateFields *input, TemplateRow *row);
TemplateFormat template_format_default(Channel channel);

/* What can be said only of the whole row: does the format suit the channel, is the target one of the
 * tenant's channels (E.15)? */
void template_row_check(const TemplateRow *row, const TenantRow *tenant, Arena *arena,
                        Problems *problems);

#endif
