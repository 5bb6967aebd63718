#include "app/api/openapi.h"

#include "base/limits.h"
#include "check_test.h"
#include "proto/json.h"

TEST(openapi_describes_every_route_and_nothing_else)
{
    assert_str(openapi_missing(), "");
}

TEST(openapi_is_json_with_every_part)
{
    Arena arena;
    Buf out;
    Json json;
    Err err = {""};

    arena_init(&arena, MIB(8));
    buf_init(&out, MIB(1));
    openapi_write(&out);
    assert_status(buf_status(&out), ST_OK);
    assert_status(json_parse(buf_view(&out), &arena, &json, &err), ST_OK);
    JsonRef paths = json_get(&json, 0, S("paths"));
    JsonRef trigger = json_get(&json, paths, S("/api/v1/events/trigger"));
    assert_true(json_is(&json, json_get(&json, trigger, S("post")), JSON_OBJECT));
    JsonRef components = json_get(&json, 0, S("components"));
    assert_true(json_is(&json, json_get(&json, components, S("schemas")), JSON_OBJECT));
    buf_done(&out);
    arena_done(&arena);
}

TEST_MAIN()
