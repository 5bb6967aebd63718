#include "port/http.h"

Str http_call_header(const HttpCall *call, Str name)
{
    for (Str rest = buf_view(&call->ret_head); rest.at;) {
        Str line = str_cut(&rest, '\n');
        if (line.len && line.at[line.len - 1] == '\r') line.len--;
        if (line.len > name.len && line.at[name.len] == ':' &&
            str_eq_nocase(str_head(line, name.len), name))
            return str_trim(str_from(line, name.len + 1));
    }
    return (Str){NULL, 0};
}

void http_call_done(HttpCall *call)
{
    buf_done(&call->ret_head);
    buf_done(&call->ret_body);
}
