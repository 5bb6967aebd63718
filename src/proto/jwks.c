#include "proto/jwks.h"

static Status add_keys(const Json *j, JsonRef list, Arena *arena, Jwks *set, Err *err)
{
    Err why = {""};
    for (JsonRef at = json_first(j, list); at != JSON_NONE; at = json_next(j, list, at)) {
        if (set->count == JWKS_KEYS_MAX)
            return err_set(err, ST_INVALID, "the key set has more than %d usable keys",
                           JWKS_KEYS_MAX);
        Status st = jwt_verify_key_jwk(j, at, arena, &set->keys[set->count], &why);
        if (st == ST_OK)
            set->count++;
        else
            set->left_out++;
    }
    if (set->count) return ST_OK;
    if (set->left_out)
        return err_set(err, ST_INVALID, "the key set has no usable key: %.*s",
                       STR_FMT(err_view(&why)));
    return err_set(err, ST_INVALID, "the key set is empty");
}

static Status parse(Str document, Arena *arena, Jwks *set, Err *err)
{
    Json j;
    if (document.len > JWKS_BYTES_MAX)
        return err_set(err, ST_INVALID, "a key set has at most %u bytes", JWKS_BYTES_MAX);
    if (json_parse(document, arena, &j, NULL) != ST_OK)
        return err_set(err, ST_INVALID, "the key set is no JSON");
    JsonRef list = json_get(&j, 0, S("keys"));
    if (!json_is(&j, list, JSON_ARRAY))
        return err_set(err, ST_INVALID, "a key set is a JSON object with a list \"keys\"");
    return add_keys(&j, list, arena, set, err);
}

Status jwks_parse(Str document, Jwks *ret_set, Err *err)
{
    Arena arena;
    Jwks set = {.count = 0};
    arena_init(&arena, MIB(4)); /* nodes of 16 bytes, and every number decoded */
    Status st = parse(document, &arena, &set, err);
    arena_done(&arena);
    if (st != ST_OK) jwks_done(&set);
    *ret_set = set;
    return st;
}

void jwks_done(Jwks *set)
{
    for (uint32_t i = 0; i < set->count; i++) jwt_verify_key_free(set->keys[i]);
    *set = (Jwks){.count = 0};
}
