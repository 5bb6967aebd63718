#include "app/admin/tenant_json.h"

#include "app/admin/put.h"
#include "domain/tenant/vault.h"

static void put_api_key(Buf *out, const TenantRow *row, KeyShown shown, const SealKey *master,
                        Arena *arena)
{
    Str text = {NULL, 0};
    if (shown == KEY_HIDDEN) return;
    if (vault_open(master, row->id, SECRET_API_KEY, row->key_sealed, arena, &text, NULL) != ST_OK)
        text = (Str){NULL, 0};
    if (shown == KEY_WHOLE)
        put_text(out, "apiKey", text);
    else
        put_text(out, "apiKeyLast4", text.len > 4 ? str_from(text, text.len - 4) : text);
}

static Str or_null(Str text) /* "" shows as null */
{
    return text.len ? text : (Str){NULL, 0};
}

void tenant_json(Buf *out, const TenantRow *row, KeyShown shown, const SealKey *master,
                 Arena *arena)
{
    put_open(out);
    put_id(out, "id", row->id);
    put_text(out, "name", row->name);
    put_text(out, "slug", row->slug);
    put_flag(out, "active", row->active);
    put_api_key(out, row, shown, master, arena);
    if (row->has_old_key)
        put_time(out, "previousKeyValidUntil", row->old_key_until_ms);
    else
        put_text(out, "previousKeyValidUntil", (Str){NULL, 0});
    put_num(out, "rateLimitPerMinute", row->rate_limit_per_minute);
    put_num(out, "dailyCap", row->daily_cap);
    put_array_open(out, "deliveryChannels");
    for (Channel c = CHANNEL_EMAIL; c < CHANNEL_COUNT; c++)
        if (row->delivery_channels & CHANNEL_BIT(c)) put_item(out, channel_name(c));
    put_array_close(out);
    put_raw(out, "channels", row->channels);
    put_text(out, "senderEmail", or_null(row->sender_email));
    put_text(out, "senderName", or_null(row->sender_name));
    put_flag(out, "bridgeDialects", row->bridge_dialects);
    put_flag(out, "allowClientPublish", row->allow_client_publish);
    put_flag(out, "webhookSecretSet", row->webhook_sealed.at != NULL);
    if (row->webhook_old_sealed.at)
        put_time(out, "webhookSecretOldUntil", row->webhook_old_until_ms);
    else
        put_text(out, "webhookSecretOldUntil", (Str){NULL, 0});
    put_time(out, "createdAt", row->created_ms);
    put_time(out, "updatedAt", row->updated_ms);
    put_close(out);
}
