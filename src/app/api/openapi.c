/* GET /openapi.json: methods, paths and guards from routes.def, words from api.def, schemas from
 * openapi.json. The two tables meet by the handler's name. */
#include "app/api/openapi.h"

#include "app/http/router.h"
#include "base/limits.h"

enum { DOCUMENT_MAX = MIB(1) };

typedef struct Doc {
    Str handler, id, tag, summary, query, request;
    int status;
    Str answer;
} Doc;

typedef struct Entry { /* a route, with its handler's name */
    HttpMethod method;
    Str path;
    Guard guard;
    Str handler;
} Entry;

static const Doc docs[] = {
#define API(handler, id, tag, summary, query, request, status, answer)                             \
    {STR_INIT(#handler), STR_INIT(id),      STR_INIT(tag), STR_INIT(summary),                      \
     STR_INIT(query),    STR_INIT(request), status,        STR_INIT(answer)},
#include "app/api/api.def"
#undef API
};

static const Entry entries[] = {
#define ROUTE(method, path, guard, handler) {method, STR_INIT(path), guard, STR_INIT(#handler)},
#include "app/http/routes.def"
#undef ROUTE
};

enum { DOC_COUNT = sizeof docs / sizeof docs[0], ENTRY_COUNT = sizeof entries / sizeof entries[0] };

static const Doc *doc_of(Str handler)
{
    for (size_t i = 0; i < DOC_COUNT; i++)
        if (str_eq(docs[i].handler, handler)) return &docs[i];
    return NULL;
}

static bool is_routed(Str handler)
{
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        if (str_eq(entries[i].handler, handler)) return true;
    return false;
}

Str openapi_missing(void)
{
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        if (!doc_of(entries[i].handler)) return entries[i].handler;
    for (size_t i = 0; i < DOC_COUNT; i++)
        if (!is_routed(docs[i].handler)) return docs[i].handler;
    return (Str){NULL, 0};
}

/* ---- the parts of an operation ---- */

static const char *method_key(HttpMethod method)
{
    static const char *const keys[] = {"get", "head", "post", "put", "patch", "delete", "options"};
    CHECK((size_t)method < sizeof keys / sizeof keys[0]);
    return keys[method];
}

static const char *security_of(Guard guard)
{
    switch (guard) {
    case GUARD_NONE:
        return "[]";
    case GUARD_KEY:
        return "[{\"apiKey\":[]}]";
    case GUARD_SIGNED_KEY:
        return "[{\"apiKey\":[]},{\"apiKey\":[],\"signature\":[]}]";
    case GUARD_KEY_OR_TOKEN:
    case GUARD_WORKSPACE:
        return "[{\"apiKey\":[]},{\"userToken\":[]}]";
    case GUARD_TOKEN:
        return "[{\"userToken\":[]}]";
    case GUARD_SESSION:
    case GUARD_ADMIN:
    case GUARD_OPERATOR:
        return "[{\"session\":[]}]";
    }
    CHECK(false);
}

/* {name} segments of the path, then the query parameters. */
static void put_parameters(Buf *out, Str path, Str query)
{
    const char *before = "";
    buf_lit(out, "\"parameters\":[");
    while (path.at) {
        Str segment = str_cut(&path, '/');
        if (segment.len < 2 || segment.at[0] != '{') continue;
        buf_format(out,
                   "%s{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,"
                   "\"schema\":{\"type\":\"string\"}}",
                   before, (int)segment.len - 2, segment.at + 1);
        before = ",";
    }
    while (query.len > 0) {
        Str name = str_cut(&query, ' ');
        buf_format(out, "%s{\"$ref\":\"#/components/parameters/%.*s\"}", before, STR_FMT(name));
        before = ",";
    }
    buf_lit(out, "],");
}

static const char *media_type(Str schema)
{
    if (str_is(schema, "Text")) return "text/plain";
    if (str_ends(schema, S("Form"))) return "application/x-www-form-urlencoded";
    return "application/json";
}

static void put_content(Buf *out, Str schema)
{
    buf_format(out, "\"content\":{\"%s\":{\"schema\":{\"$ref\":\"#/components/schemas/%.*s\"}}}",
               media_type(schema), STR_FMT(schema));
}

static void put_responses(Buf *out, const Doc *doc)
{
    buf_format(out, "\"responses\":{\"%d\":{\"description\":\"%s\"", doc->status,
               doc->status == 101 ? "Switching to WebSocket" : "Done");
    if (doc->answer.len) {
        buf_lit(out, ",");
        put_content(out, doc->answer);
    }
    buf_lit(out, "},\"default\":{\"$ref\":\"#/components/responses/Error\"}}");
}

static void put_operation(Buf *out, const Entry *entry, const Doc *doc)
{
    buf_format(out, "\"%s\":{\"operationId\":\"%.*s\",\"tags\":[\"%.*s\"],",
               method_key(entry->method), STR_FMT(doc->id), STR_FMT(doc->tag));
    buf_lit(out, "\"summary\":");
    json_put_string(out, doc->summary);
    buf_format(out, ",\"security\":%s,", security_of(entry->guard));
    put_parameters(out, entry->path, doc->query);
    if (doc->request.len) {
        bool optional = str_ends(doc->request, S("?"));
        buf_format(out, "\"requestBody\":{\"required\":%s,", optional ? "false" : "true");
        put_content(out, str_head(doc->request, doc->request.len - optional));
        buf_lit(out, "},");
    }
    put_responses(out, doc);
    buf_lit(out, "}");
}

static bool is_first_of_path(size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (str_eq(entries[i].path, entries[index].path)) return false;
    return true;
}

/* Quadratic in some fifty routes, and only when someone asks. */
static void put_path(Buf *out, Str path)
{
    const char *before = "";
    buf_format(out, "\"%.*s\":{", STR_FMT(path));
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        const Doc *doc = doc_of(entries[i].handler);
        if (!doc || !str_eq(entries[i].path, path)) continue;
        buf_format(out, "%s", before);
        put_operation(out, &entries[i], doc);
        before = ",";
    }
    buf_lit(out, "}");
}

void openapi_write(Buf *out)
{
    const char *before = "";
    buf_lit(out,
            "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Orqestra\",\"version\":\"" ORQ_VERSION
            "\",\"summary\":\"One call in, notifications out\",\"license\":{\"name\":"
            "\"Apache 2.0\",\"identifier\":\"Apache-2.0\"}},\"servers\":[{\"url\":\"/\"}],"
            "\"paths\":{");
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (!is_first_of_path(i)) continue;
        buf_format(out, "%s", before);
        put_path(out, entries[i].path);
        before = ",";
    }
    buf_lit(out, "},\"components\":");
    buf_add(out, str_of(openapi_components));
    buf_lit(out, "}");
}

void ops_openapi(Request *rq)
{
    Buf document;
    buf_init(&document, DOCUMENT_MAX);
    openapi_write(&document);
    if (buf_status(&document) == ST_OK)
        respond_json(rq, 200, buf_view(&document));
    else
        respond_status(rq, buf_status(&document), NULL);
    buf_done(&document);
}
