#include "app/admin/template_json.h"

#include "app/admin/put.h"

static Str or_null(Str text) /* "" shows as null */
{
    return text.len ? text : (Str){NULL, 0};
}

void template_json(Buf *out, const TemplateRow *row)
{
    put_open(out);
    put_id(out, "id", row->id);
    put_text(out, "eventType", row->event_type);
    put_text(out, "channel", channel_name(row->channel));
    put_text(out, "format", template_format_name(row->format));
    put_text(out, "subject", or_null(row->subject));
    put_text(out, "body", row->body);
    put_text(out, "targetChannel", or_null(row->target_channel));
    put_text(out, "delivery", row->at_most_once ? S("at_most_once") : S("at_least_once"));
    put_flag(out, "active", row->active);
    put_num(out, "version", row->version);
    put_time(out, "createdAt", row->created_ms);
    put_time(out, "updatedAt", row->updated_ms);
    put_close(out);
}
