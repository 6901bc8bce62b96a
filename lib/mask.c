/*
 * Hiding e-mail addresses and numbers.  What is hidden is found by its shape alone: better a code of nine digits
 * too many hidden than one telephone too few.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "mask.h"

enum { DIGITS_MIN = 9 };

#define EMAIL  "[e-mail]"
#define NUMBER "[number]"

/* Bytes of the digit at s, 0 if there is none: ASCII, or full-width (U+FF10-FF19). */
static size_t
digit_length(const char *s)
{
	if (*s >= '0' && *s <= '9')
		return 1;
	if (strncmp(s, "\xEF\xBC", 2) == 0 && (unsigned char)s[2] >= 0x90 && (unsigned char)s[2] <= 0x99)
		return 3;
	return 0;
}

static bool
is_address_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("._%+-", c));
}

static size_t
address_part(const char *s)
{
	size_t n = 0;

	while (is_address_char(s[n]))
		n++;
	return n;
}

/* Bytes of the e-mail address at s; 0 if there is none. */
static size_t
email_length(const char *s)
{
	size_t local = address_part(s), domain;

	if (local == 0 || s[local] != '@')
		return 0;
	domain = address_part(s + local + 1);
	return domain ? local + 1 + domain : 0;
}

/* A run of digits, perhaps in groups. */
struct number {
	size_t len; /* bytes */
	int digits, groups;
	bool round; /* every group ends in two zeros, as prices do */
};

/* The group of digits at s, added to the number. */
static void
take_group(const char *s, struct number *n)
{
	size_t len;
	int zeros = 0;

	while ((len = digit_length(s + n->len)) > 0) {
		zeros = s[n->len + len - 1] == '0' || (len == 3 && s[n->len + 2] == '\x90') ? zeros + 1 : 0;
		n->len += len;
		n->digits++;
	}
	n->groups++;
	n->round = n->round && zeros >= 2;
}

/* The number that begins at s, with any of these signs between its groups. */
static struct number
number_at(const char *s, const char *signs)
{
	struct number n = { .round = true };

	take_group(s, &n);
	while (s[n.len] && strchr(signs, s[n.len]) && digit_length(s + n.len + 1)) {
		n.len++;
		take_group(s, &n);
	}
	return n;
}

static bool
is_price_range(const struct number *n)
{
	return n->groups == 2 && n->round;
}

/* Bytes at s to hide, and what is shown instead; else bytes that may stay as they are. */
static size_t
look(const char *s, bool may_be_email, const char **ret_instead)
{
	size_t email = may_be_email ? email_length(s) : 0;
	struct number n;

	*ret_instead = NULL;
	if (email) {
		*ret_instead = EMAIL;
		return email;
	}
	if (digit_length(s) == 0)
		return 1;
	n = number_at(s, "-. ");
	if (n.digits >= DIGITS_MIN && !is_price_range(&n))
		*ret_instead = NUMBER;
	return n.len;
}

/* Is there anything to hide?  Mostly not, and then there is no need for room that it might take.  0xEF begins full-width digits. */
static bool
is_plain(const char *text, const char *signs)
{
	return strpbrk(text, signs) == NULL && strpbrk(text, "0123456789\xEF") == NULL;
}

char *
mask_text(struct arena *a, const char *text)
{
	const char *s = text, *instead;
	char *masked, *to;
	size_t len;
	bool has_at;

	if (is_plain(text, "@"))
		return arena_strdup(a, text);
	has_at = strchr(text, '@') != NULL;
	/* The shortest address, a@b, becomes eight bytes. */
	to = masked = arena_alloc(a, 3 * strlen(text) + 1);
	while (*s) {
		len = look(s, has_at && (s == text || !is_address_char(s[-1])), &instead);
		to = instead ? stpcpy(to, instead) : mempcpy(to, s, len);
		s += len;
	}
	return masked;
}

char *
mask_numbers(struct arena *a, const char *text, int digits_min)
{
	struct number n;
	char *masked, *to;

	if (is_plain(text, ""))
		return arena_strdup(a, text);
	to = masked = arena_alloc(a, strlen(text) * sizeof(NUMBER) + 1);
	while (*text) {
		n = digit_length(text) ? number_at(text, ",") : (struct number){ .len = 1 };
		to = n.digits >= digits_min ? stpcpy(to, NUMBER) : mempcpy(to, text, n.len);
		text += n.len;
	}
	return masked;
}
