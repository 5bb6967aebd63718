/* A Treiber stack: posting pushes, opening takes the whole stack and reverses it, so mail is read in
 * the order it was posted. Order holds between two posts whenever the first returned before the second
 * began, which is what commit order needs: one writer thread posts. */
#include "net/mailbox.h"

#include "net/loop.h"

void mailbox_post(Loop *to, Mail *mail)
{
    Mail *newest = atomic_load_explicit(&to->mailbox._newest, memory_order_relaxed);
    do mail->_next = newest;
    while (!atomic_compare_exchange_weak_explicit(&to->mailbox._newest, &newest, mail,
                                                  memory_order_release, memory_order_relaxed));
    if (!newest) uv_async_send(&to->mailbox._wake); /* not empty: the loop is awake already */
}
