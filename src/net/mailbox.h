/* mailbox.h: the one door between threads.
 *
 * Any thread posts a Mail to a loop; the loop opens all that has arrived, in the order of posting, in
 * one go. Posting is a compare-and-swap, plus a wake-up only when the box was empty. A Mail is
 * embedded in what it carries, so posting never allocates and never fails.
 *
 * Thread: mailbox_post from any; the rest on the loop.  Ownership: the Mail is the box's from post to
 * open; open() may free it. */
#ifndef ORQ_NET_MAILBOX_H
#define ORQ_NET_MAILBOX_H

#include <stdatomic.h>
#include <uv.h>

typedef struct Loop Loop;
typedef struct Mail Mail;

struct Mail {
    Mail *_next;
    void (*open)(Mail *mail, Loop *here); /* runs on the loop */
};

typedef struct Mailbox {
    _Atomic(Mail *) _newest;
    uv_async_t _wake;
} Mailbox;

void mailbox_post(Loop *to, Mail *mail);

#endif
