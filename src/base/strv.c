// SPDX-License-Identifier: Apache-2.0
// NULL-terminated vectors of strings, as execve takes them. They carry no capacity: lists here are argument vectors and
// environments, where counting again at each append costs less than a second representation.
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>

size_t strv_len(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

void strv_free(char **v)
{
	for (char **p = v; p && *p; p++)
		free(*p);
	free(v);
}

void strv_free_p(char ***v)
{
	strv_free(*v);
	*v = NULL;
}

char **strv_dup(char *const *v)
{
	size_t n = strv_len(v);
	char **copy = xnew_n(char *, n + 1);

	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(v[i]);
	return copy;
}

void strv_take(char ***v, char *s)
{
	size_t n = strv_len(*v);

	*v = xreallocarray(*v, n + 2, sizeof(char *));
	(*v)[n] = s;
	(*v)[n + 1] = NULL;
}

void strv_push(char ***v, const char *s)
{
	strv_take(v, xstrdup(s));
}

void strv_pushf(char ***v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_take(v, xvasprintf(fmt, ap));
	va_end(ap);
}

char **strv_split(const char *s, char sep)
{
	size_t fields = *s ? 1 : 0, n = 0;

	for (const char *p = s; *p; p++)
		fields += *p == sep;
	char **v = xnew_n(char *, fields + 1);
	while (n < fields) {
		const char *end = strchrnul(s, sep);
		v[n++] = xstrndup(s, (size_t)(end - s));
		s = end + 1;
	}
	return v;
}

char *strv_join(char *const *v, const char *sep)
{
	size_t n = strv_len(v), sep_len = strlen(sep), total = 1;

	for (size_t i = 0; i < n; i++)
		total += strlen(v[i]) + (i ? sep_len : 0);
	char *s = xmalloc(total), *at = s;
	for (size_t i = 0; i < n; i++) {
		if (i)
			at = mempcpy(at, sep, sep_len);
		at = mempcpy(at, v[i], strlen(v[i]));
	}
	*at = '\0';
	return s;
}

bool strv_has(char *const *v, const char *s)
{
	for (; v && *v; v++)
		if (str_eq(*v, s))
			return true;
	return false;
}

// Whether entry is "NAME=..." (or "NAME") for the n bytes of name.
static bool same_name(const char *entry, const char *name, size_t n)
{
	return !strncmp(entry, name, n) && (entry[n] == '=' || !entry[n]);
}

const char *strv_env_get(char *const *v, const char *name)
{
	size_t n = strlen(name);

	for (; v && *v; v++)
		if (same_name(*v, name, n) && (*v)[n] == '=')
			return *v + n + 1;
	return NULL;
}

void strv_env_set(char ***v, const char *assignment)
{
	size_t n = (size_t)(strchrnul(assignment, '=') - assignment);

	for (char **p = *v; p && *p; p++) {
		if (!same_name(*p, assignment, n))
			continue;
		char *s = xstrdup(assignment);
		free(*p);
		*p = s;
		return;
	}
	strv_push(v, assignment);
}
