/*
 * UTF-8, percent-encoding, UUIDs and random tokens.  Nothing here knows a protocol or a language: what a text means is
 * decided elsewhere (fields.c for input, json.c for JSON).
 */
#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "text.h"

enum { EMAIL_BYTES_MAX = 254, EMAIL_LOCAL_MAX = 64, LABEL_MAX = 63 };

/* Bytes of the well-formed UTF-8 sequence at s, of which left are there; 0 if it is none (RFC 3629 §4, as a table). */
static size_t
sequence_length(const unsigned char *s, size_t left)
{
	unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80; /* no overlong forms */
	unsigned char high = s[0] == 0xED   ? 0x9F
			     : s[0] == 0xF4 ? 0x8F
					    : 0xBF; /* no surrogates, nothing above U+10FFFF */
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xC2 || s[0] > 0xF4)
		return 0;
	n = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
	if (n > left || s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

bool
text_is_utf8(const char *bytes, size_t len)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = sequence_length((const unsigned char *)bytes + at, len - at);
		if (n == 0)
			return false;
	}
	return true;
}

size_t
text_length(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		if (((unsigned char)*s & 0xC0) != 0x80)
			n++;
	return n;
}

const char *
text_cut(struct arena *a, const char *s, size_t max)
{
	size_t len = strnlen(s, max);

	while (len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80)
		len--;
	return arena_strndup(a, s, len);
}

bool
text_has_controls(const char *s, bool multiline)
{
	const unsigned char *c;

	for (c = (const unsigned char *)s; *c; c++) {
		if (multiline && (*c == '\t' || *c == '\n'))
			continue;
		/* U+0080-009F are 0xC2 and the code point itself. */
		if (*c < 0x20 || *c == 0x7F || (*c == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F))
			return true;
	}
	return false;
}

/* The value of a hex digit, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte written as "%xy" at s, of which left bytes are there; -1 for bad escapes and for NUL, which would cut the text. */
static int
escaped_byte(const char *s, size_t left)
{
	int byte;

	if (left < 3 || hex_value(s[1]) < 0 || hex_value(s[2]) < 0)
		return -1;
	byte = hex_value(s[1]) * 16 + hex_value(s[2]);
	return byte ? byte : -1;
}

enum err
text_decode(struct arena *a, const char *s, size_t len, bool plus, char **ret_s)
{
	char *out = arena_alloc(a, len + 1);
	size_t at, n = 0;

	for (at = 0; at < len; at++) {
		int byte = (unsigned char)s[at];

		if (byte == '%') {
			byte = escaped_byte(s + at, len - at);
			if (byte < 0)
				return ERR_MALFORMED_REQUEST;
			at += 2;
		} else if (byte == '+' && plus) {
			byte = ' ';
		} else if (byte == '\0') {
			return ERR_MALFORMED_REQUEST;
		}
		out[n++] = (char)byte;
	}
	if (!text_is_utf8(out, n))
		return ERR_MALFORMED_REQUEST;
	*ret_s = out;
	return OK;
}

bool
text_is_uuid(const char *s)
{
	int i;

	for (i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : hex_value(s[i]) < 0)
			return false;
	}
	return s[36] == '\0';
}

/* Is s two or more labels of letters, digits and inner dashes? */
static bool
is_domain(const char *s)
{
	static const char label[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	int labels;

	for (labels = 1;; labels++) {
		size_t len = strspn(s, label);

		if (len == 0 || len > LABEL_MAX || s[0] == '-' || s[len - 1] == '-')
			return false;
		s += len;
		if (!*s)
			return labels >= 2;
		if (*s++ != '.')
			return false;
	}
}

bool
text_is_email(const char *s)
{
	static const char atext[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-";
	size_t local = strspn(s, atext);

	if (strlen(s) > EMAIL_BYTES_MAX || local == 0 || local > EMAIL_LOCAL_MAX || s[local] != '@')
		return false;
	/* Dots stand between atoms (RFC 5322 §3.2.3). */
	if (s[0] == '.' || s[local - 1] == '.' || memmem(s, local, "..", 2))
		return false;
	return is_domain(s + local + 1);
}

/* The number that the n digits at s make, or -1. */
static int
digits_value(const char *s, int n)
{
	int value = 0;

	for (; n > 0; n--, s++) {
		if (*s < '0' || *s > '9')
			return -1;
		value = value * 10 + (*s - '0');
	}
	return value;
}

bool
text_is_date(const char *s)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day;
	bool leap;

	if (strlen(s) != strlen("YYYY-MM-DD") || s[4] != '-' || s[7] != '-')
		return false;
	year = digits_value(s, 4);
	month = digits_value(s + 5, 2);
	day = digits_value(s + 8, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1] + (month == 2 && leap);
}

void
text_uuid(char ret_uuid[37])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[16];
	char *out = ret_uuid;
	int i;

	randombytes_buf(bytes, sizeof(bytes));
	bytes[6] = (bytes[6] & 0x0F) | 0x40; /* version 4 */
	bytes[8] = (bytes[8] & 0x3F) | 0x80; /* the variant of RFC 9562 */
	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 0x0F];
	}
	*out = '\0';
}

char *
text_base64url(struct arena *a, const void *bytes, size_t len)
{
	size_t size = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);

	return sodium_bin2base64(arena_alloc(a, size), size, bytes, len,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool
text_unbase64url(const char *s, size_t len, void *buf, size_t size, size_t *ret_len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t i;

	/* libsodium 1.0.18 takes every byte above 0x7F for '_'. */
	for (i = 0; i < len; i++)
		if (!s[i] || !strchr(digits, s[i]))
			return false;
	return sodium_base642bin(buf, size, s, len, NULL, ret_len, NULL,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

char *
text_token(struct arena *a, size_t nbytes)
{
	unsigned char *bytes = arena_alloc(a, nbytes);

	randombytes_buf(bytes, nbytes);
	return text_base64url(a, bytes, nbytes);
}
