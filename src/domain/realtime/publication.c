/* One block: the Publication, its Notice, then the text of both. */
#include "domain/realtime/publication.h"

typedef struct Block {
    Publication publication;
    Notice notice;
    char text[];
} Block;

/* Every string of both, in one order. */
#define STRINGS(p, n)                                                                              \
    {                                                                                              \
        &(p)->data, &(p)->epoch, &(p)->info.user, &(p)->info.client, &(p)->info.conn_info,         \
            &(p)->info.chan_info, &(n)->id, &(n)->event_type, &(n)->type, &(n)->title, &(n)->body, \
            &(n)->product_name, &(n)->expiry_date, &(n)->metadata                                  \
    }

size_t publication_size(const Publication *p)
{
    static const Notice none;
    const Notice *n = p->notice ? p->notice : &none;
    const Str *strings[] = STRINGS(p, n);
    size_t size = sizeof(Block);
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) size += strings[i]->len;
    return size;
}

Publication *publication_copy(const Publication *p, void *at)
{
    Block *b = at;
    char *end = b->text;
    *b = (Block){.publication = *p};
    if (p->notice) {
        b->notice = *p->notice;
        b->publication.notice = &b->notice;
    }
    Str *strings[] = STRINGS(&b->publication, &b->notice);
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        if (strings[i]->len == 0) continue;
        memcpy(end, strings[i]->at, strings[i]->len);
        strings[i]->at = end;
        end += strings[i]->len;
    }
    return &b->publication;
}
