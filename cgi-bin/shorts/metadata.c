/* Upload-Metadata: a list of pairs, read in place. */
#include <sodium.h>
#include <string.h>

#include "arena.h"
#include "metadata.h"
#include "text.h"

enum { TEXT_MAX = 4096 };

/* One pair: where its parts are. */
struct pair {
	const char *name, *value;
	size_t name_len, value_len;
};

/* The pair at *at, which is moved behind it and its comma. */
static struct pair
next_pair(const char **at)
{
	struct pair p = { 0 };
	const char *end;

	*at += strspn(*at, " ");
	end = *at + strcspn(*at, ",");
	p.name = *at;
	p.name_len = strcspn(p.name, " ,");
	p.value = p.name + p.name_len;
	p.value += strspn(p.value, " ");
	p.value_len = (size_t)(end - p.value);
	while (p.value_len > 0 && p.value[p.value_len - 1] == ' ')
		p.value_len--;
	*at = *end ? end + 1 : end;
	return p;
}

/* The bytes of base64, which has its padding; false when it is none. */
static bool
decode(const struct pair *p, unsigned char *buf, size_t size, size_t *ret_len)
{
	return sodium_base642bin(buf, size, p->value, p->value_len, NULL, ret_len, NULL,
				 sodium_base64_VARIANT_ORIGINAL) == 0;
}

/* Is there another of this name before it? */
static bool
is_repeated(const char *text, const struct pair *p)
{
	while (text < p->name) {
		struct pair other = next_pair(&text);

		if (other.name < p->name && other.name_len == p->name_len &&
		    memcmp(other.name, p->name, p->name_len) == 0)
			return true;
	}
	return false;
}

bool
metadata_is_valid(const char *text)
{
	unsigned char buf[TEXT_MAX];
	const char *at = text, *c;
	size_t len;

	if (strlen(text) > TEXT_MAX)
		return false;
	for (c = text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return false;
	while (*at) {
		struct pair p = next_pair(&at);

		if (p.name_len == 0 || !decode(&p, buf, sizeof(buf), &len) || is_repeated(text, &p))
			return false;
	}
	return true;
}

const char *
metadata_get(struct arena *a, const char *text, const char *name)
{
	unsigned char buf[TEXT_MAX];
	const char *value;
	size_t len;

	while (*text) {
		struct pair p = next_pair(&text);

		if (p.name_len != strlen(name) || memcmp(p.name, name, p.name_len) != 0)
			continue;
		if (!decode(&p, buf, sizeof(buf), &len) || memchr(buf, 0, len) ||
		    !text_is_utf8((const char *)buf, len))
			return NULL;
		value = arena_strndup(a, (const char *)buf, len);
		return text_has_controls(value, false) ? NULL : value;
	}
	return NULL;
}
