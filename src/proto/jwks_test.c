#include "proto/jwks.h"

#include "base/limits.h"
#include "check_test.h"

/* RFC 7515 A.2 and A.3: two keys, and a token by each. */
#define RSA_N                                                                                      \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RSA_KEY "\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\""
#define EC_X    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_KEY  "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\""

static const char rs256_token[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm"
    "4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6"
    "xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char es256_token[] =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxf"
    "KTUJqPP3-Kg6NU1Q";

static bool is_signed(const char *token, const JwtVerifyKey *key)
{
    Arena a;
    JwtToken t;
    arena_init(&a, REQUEST_ARENA_MAX);
    assert_status(jwt_token_open(str_of(token), &a, &t, NULL), ST_OK);
    bool good = jwt_token_signed_by(&t, key);
    arena_done(&a);
    return good;
}

TEST(the_keys_of_rfc_7515_verify_its_tokens)
{
    Jwks set;
    assert_status(jwks_parse(S("{\"keys\":[{" RSA_KEY ",\"kid\":\"r\",\"use\":\"sig\",\"alg\":"
                               "\"RS256\"},{" EC_KEY ",\"key_ops\":[\"verify\"]}]}"),
                             &set, NULL),
                  ST_OK);
    assert_int_equal(set.count, 2);
    assert_str(jwt_verify_key_kid(set.keys[0]), "r");
    assert_str(jwt_verify_key_kid(set.keys[1]), "");
    assert_true(is_signed(rs256_token, set.keys[0]));
    assert_true(is_signed(es256_token, set.keys[1]));
    assert_false(is_signed(rs256_token, set.keys[1]));
    assert_false(is_signed(es256_token, set.keys[0]));
    jwks_done(&set);
}

TEST(keys_we_cannot_use_are_left_out)
{
    Jwks set;
    assert_status(
        jwks_parse(S("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},{\"kty\":\"OKP\",\"crv\":"
                     "\"Ed25519\",\"x\":\"AA\"},{" RSA_KEY ",\"use\":\"enc\"},{" RSA_KEY
                     ",\"alg\":\"PS256\"},{" RSA_KEY ",\"d\":\"AAAA\"},{" EC_KEY
                     ",\"key_ops\":[\"deriveKey\"]},{" EC_KEY ",\"kid\":7},{},7,null,\"x\",{" EC_KEY
                     "}],\"more\":1}"),
                   &set, NULL),
        ST_OK);
    assert_int_equal(set.count, 1);
    assert_int_equal(set.left_out, 11);
    jwks_done(&set);
}

TEST(documents_without_a_good_key_are_refused)
{
    static const char *const documents[] = {
        "",
        "{}",
        "[]",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{\"keys\":[1,2]}",
        "{\"keys\":[{" EC_KEY "}",
        "<html>",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_Y "\",\"y\":\"" EC_Y "\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" RSA_N "\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQ\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAA\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" RSA_N "==\",\"e\":\"AQAB\"}]}",
    };
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        Jwks set;
        Err err = {""};
        if (jwks_parse(str_of(documents[i]), &set, &err) != ST_INVALID || !err.text[0])
            fail_msg("should be refused: %s", documents[i]);
        assert_int_equal(set.count, 0);
    }
}

TEST(a_set_has_ceilings)
{
    Buf b;
    Jwks set;
    buf_init(&b, 2 * JWKS_BYTES_MAX);
    buf_lit(&b, "{\"keys\":[");
    for (int i = 0; i <= JWKS_KEYS_MAX; i++) buf_format(&b, "%s{%s}", i ? "," : "", EC_KEY);
    buf_lit(&b, "]}");
    assert_status(jwks_parse(buf_view(&b), &set, NULL), ST_INVALID);
    buf_clear(&b);
    while (buf_len(&b) <= JWKS_BYTES_MAX) buf_lit(&b, " ");
    buf_lit(&b, "{\"keys\":[{" EC_KEY "}]}");
    assert_status(jwks_parse(buf_view(&b), &set, NULL), ST_INVALID);
    buf_done(&b);
}

TEST_MAIN()
