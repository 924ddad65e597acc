// SPDX-License-Identifier: Apache-2.0
// Intrusive doubly linked list. The head is a struct list of its own.
#pragma once

#include "base/macro.h"

#include <stdbool.h>

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *l)
{
	l->prev = l->next = l;
}
static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}
static inline void list_insert_between(struct list *n, struct list *prev, struct list *next)
{
	n->prev = prev;
	n->next = next;
	prev->next = n;
	next->prev = n;
}
static inline void list_append(struct list *head, struct list *n)
{
	list_insert_between(n, head->prev, head);
}
static inline void list_prepend(struct list *head, struct list *n)
{
	list_insert_between(n, head, head->next);
}
static inline void list_remove(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
// The current entry may be removed inside the loop.
#define list_for_each(it, tmp, head) \
	for (struct list *it = (head)->next, *tmp = it->next; it != (head); it = tmp, tmp = it->next)
