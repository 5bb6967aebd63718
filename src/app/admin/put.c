#include "app/admin/put.h"

#include "base/isotime.h"
#include "proto/json.h"

/* A comma is due unless something was just opened or nothing stands there yet. */
static void comma(Buf *b)
{
    Str so_far = buf_view(b);
    if (so_far.len == 0) return;
    char last = so_far.at[so_far.len - 1];
    if (last != '{' && last != '[' && last != ':') buf_add_byte(b, ',');
}

void put_open(Buf *b)
{
    comma(b);
    buf_add_byte(b, '{');
}

void put_close(Buf *b)
{
    buf_add_byte(b, '}');
}

void put_key(Buf *b, const char *key)
{
    comma(b);
    json_put_string(b, str_of(key));
    buf_add_byte(b, ':');
}

void put_text(Buf *b, const char *key, Str text)
{
    put_key(b, key);
    if (text.at)
        json_put_string(b, text);
    else
        buf_lit(b, "null");
}

void put_num(Buf *b, const char *key, int64_t number)
{
    put_key(b, key);
    buf_add_i64(b, number);
}

void put_flag(Buf *b, const char *key, bool flag)
{
    put_raw(b, key, flag ? S("true") : S("false"));
}

void put_id(Buf *b, const char *key, Uuid id)
{
    char text[UUID_TEXT_LEN];
    uuid_text(id, text);
    put_text(b, key, str_make(text, sizeof text));
}

void put_time(Buf *b, const char *key, int64_t unix_ms)
{
    char text[ISO_MS_LEN];
    iso_ms(unix_ms, text);
    put_text(b, key, str_make(text, sizeof text));
}

void put_raw(Buf *b, const char *key, Str json)
{
    put_key(b, key);
    buf_add(b, json);
}

void put_array_open(Buf *b, const char *key)
{
    put_key(b, key);
    buf_add_byte(b, '[');
}

void put_array_close(Buf *b)
{
    buf_add_byte(b, ']');
}

void put_item(Buf *b, Str text)
{
    comma(b);
    json_put_string(b, text);
}
