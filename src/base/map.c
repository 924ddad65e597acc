// SPDX-License-Identifier: Apache-2.0
// The hash map. Entries lie in one array in the order of insertion; a table of 32-bit slots with linear probing points
// into it. Removal leaves a hole in both (a NULL key, a DELETED slot); the next rebuild closes them. The seed is drawn
// once a process.
#include "base/map.h"

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

enum { SLOTS_MIN = 16 };
#define SLOT_EMPTY   UINT32_MAX
#define SLOT_DELETED (UINT32_MAX - 1)

struct map_entry {
	char *key; // NULL: a hole
	void *value;
	uint64_t hash;
};

struct map {
	struct map_entry *entries;
	uint32_t *slots;
	size_t n_slots;   // a power of two, 0 before the first insertion
	size_t n_entries; // with holes
	size_t live;
	void (*free_value)(void *);
};

static const uint8_t *seed(void)
{
	static uint8_t key[16];
	static bool drawn;

	if (!drawn) {
		// Before the kernel's pool is ready, the 16 bytes it gave this process at exec must do.
		if (getrandom(key, sizeof(key), GRND_NONBLOCK) != (ssize_t)sizeof(key)) {
			const void *at_random = (const void *)getauxval(AT_RANDOM);
			if (at_random)
				memcpy(key, at_random, sizeof(key));
		}
		drawn = true;
	}
	return key;
}

static uint64_t hash_key(const char *key)
{
	return hash_sip(seed(), key, strlen(key));
}

struct map *map_new(void (*free_value)(void *))
{
	struct map *m = xnew(struct map);

	m->free_value = free_value;
	return m;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_entries; i++) {
		struct map_entry *en = &m->entries[i];
		if (en->key && m->free_value)
			m->free_value(en->value);
		free(en->key);
	}
	free(m->entries);
	free(m->slots);
	free(m);
}

void map_free_p(struct map **m)
{
	map_free(*m);
	*m = NULL;
}

size_t map_len(const struct map *m)
{
	return m->live;
}

// The slot that points to key's entry, or NULL.
static uint32_t *slot_find(const struct map *m, const char *key, uint64_t hash)
{
	if (!m->n_slots)
		return NULL;
	for (size_t i = hash & (m->n_slots - 1);; i = (i + 1) & (m->n_slots - 1)) {
		uint32_t s = m->slots[i];
		if (s == SLOT_EMPTY)
			return NULL;
		if (s != SLOT_DELETED && m->entries[s].hash == hash && !strcmp(m->entries[s].key, key))
			return &m->slots[i];
	}
}

static void slot_insert(struct map *m, uint64_t hash, uint32_t entry)
{
	size_t i = hash & (m->n_slots - 1);

	while (m->slots[i] < SLOT_DELETED)
		i = (i + 1) & (m->n_slots - 1);
	m->slots[i] = entry;
}

// New tables with room for one entry more than are alive, holes closed. Entries fill at most half of the slots.
static void rebuild(struct map *m)
{
	size_t n_slots = SLOTS_MIN;

	while (n_slots < 4 * (m->live + 1))
		n_slots *= 2;
	if (n_slots / 2 >= SLOT_DELETED)
		err_oom();
	struct map_entry *entries = xnew_n(struct map_entry, n_slots / 2);
	size_t n = 0;
	for (size_t i = 0; i < m->n_entries; i++)
		if (m->entries[i].key)
			entries[n++] = m->entries[i];
	free(m->entries);
	free(m->slots);
	m->entries = entries;
	m->n_entries = n;
	m->slots = xmalloc(n_slots * sizeof(*m->slots));
	memset(m->slots, 0xff, n_slots * sizeof(*m->slots));
	m->n_slots = n_slots;
	for (size_t i = 0; i < n; i++)
		slot_insert(m, entries[i].hash, (uint32_t)i);
}

static struct map_entry *entry_find(const struct map *m, const char *key)
{
	uint32_t *s = slot_find(m, key, hash_key(key));

	return s ? &m->entries[*s] : NULL;
}

void *map_get(const struct map *m, const char *key)
{
	struct map_entry *en = entry_find(m, key);

	return en ? en->value : NULL;
}

bool map_has(const struct map *m, const char *key)
{
	return entry_find(m, key);
}

bool map_set(struct map *m, const char *key, void *value)
{
	uint64_t hash = hash_key(key);
	uint32_t *s = slot_find(m, key, hash);

	if (s) {
		struct map_entry *en = &m->entries[*s];
		void *old = en->value;
		en->value = value;
		if (m->free_value && old != value)
			m->free_value(old);
		return false;
	}
	if (m->n_entries == m->n_slots / 2)
		rebuild(m);
	m->entries[m->n_entries] = (struct map_entry){.key = xstrdup(key), .value = value, .hash = hash};
	slot_insert(m, hash, (uint32_t)m->n_entries++);
	m->live++;
	return true;
}

bool map_remove(struct map *m, const char *key)
{
	uint32_t *s = slot_find(m, key, hash_key(key));

	if (!s)
		return false;
	struct map_entry *en = &m->entries[*s];
	*s = SLOT_DELETED;
	m->live--;
	char *old_key = TAKE_PTR(en->key);
	void *old = TAKE_PTR(en->value);
	if (m->free_value)
		m->free_value(old);
	free(old_key); // last: key may be this very string
	return true;
}

bool map_next(const struct map *m, struct map_iter *it)
{
	while (it->at < m->n_entries) {
		const struct map_entry *en = &m->entries[it->at++];
		if (en->key) {
			it->key = en->key;
			it->value = en->value;
			return true;
		}
	}
	return false;
}
