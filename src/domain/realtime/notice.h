/* notice.h: a notification in the words of the two dialects that have no channels of their own.
 *
 *   workspace  {"id","title","message","type","read":false,"timestamp"[,"metadata"]}
 *   expiry     {"id","message","type","productName","created_at"[,"expiryDate"]}
 *
 * What they are shown travels on channels of the hub that no client can name: a name a client may
 * subscribe to has a '#', and before it a tenant's word without control characters.
 *
 * Thread: none of its own. */
#ifndef ORQ_DOMAIN_REALTIME_NOTICE_H
#define ORQ_DOMAIN_REALTIME_NOTICE_H

#include "base/limits.h"
#include "domain/realtime/publication.h"

void notice_put_workspace(const Notice *n, Buf *out);
void notice_put_expiry(const Notice *n, Buf *out);

/* Whom it is for: one user of the tenant (E.11), or all who are in its workspace. */
typedef struct NoticeChannel {
    uint8_t len;
    char text[1 + USER_ID_MAX];
} NoticeChannel;

NoticeChannel notice_channel(Str user); /* at most USER_ID_MAX bytes */
#define NOTICE_CHANNEL_ALL S("\x02")

static inline Str notice_channel_name(const NoticeChannel *c)
{
    return str_make(c->text, c->len);
}

#endif
