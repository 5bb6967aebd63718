/* list.h: intrusive doubly linked list. The node lives inside its element, so linking never
 * allocates. An unlinked node is zero; linking asserts that, unlinking restores it. */
#ifndef ORQ_BASE_LIST_H
#define ORQ_BASE_LIST_H

#include <stddef.h>

#include "base/check.h"

typedef struct ListNode {
    struct ListNode *next, *prev;
} ListNode;

typedef struct List {
    ListNode head; /* a ring through the head; empty points at itself */
} List;

static inline void list_init(List *l)
{
    l->head.next = l->head.prev = &l->head;
}
static inline int list_is_empty(const List *l)
{
    return l->head.next == &l->head;
}
static inline int list_is_linked(const ListNode *n)
{
    return n->next != NULL;
}
static inline void list_insert_before(ListNode *at, ListNode *n)
{
    CHECK(n->next == NULL);
    n->next = at;
    n->prev = at->prev;
    at->prev->next = n;
    at->prev = n;
}
static inline void list_push_back(List *l, ListNode *n)
{
    list_insert_before(&l->head, n);
}
static inline void list_push_front(List *l, ListNode *n)
{
    list_insert_before(l->head.next, n);
}
static inline void list_unlink(ListNode *n)
{
    CHECK(n->next != NULL);
    n->prev->next = n->next;
    n->next->prev = n->prev;
    n->next = n->prev = NULL;
}
static inline ListNode *list_first(const List *l) /* NULL when empty */
{
    return list_is_empty(l) ? NULL : l->head.next;
}
static inline ListNode *list_next(const List *l, const ListNode *n) /* NULL at the end */
{
    return n->next == &l->head ? NULL : n->next;
}

#endif
