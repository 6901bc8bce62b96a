/* Unicode characters one at a time, out of UTF-8 and into it. */
#include "letter.h"

uint32_t
letter_next(const char **s)
{
	const unsigned char *c = (const unsigned char *)*s;
	size_t len = c[0] < 0x80 ? 1 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : 4;
	uint32_t cp = len == 1 ? c[0] : c[0] & (0xFF >> (len + 1));
	size_t i;

	for (i = 1; i < len && c[i]; i++)
		cp = cp << 6 | (c[i] & 0x3F);
	*s += i;
	return cp;
}

size_t
letter_put(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

uint32_t
letter_fold(uint32_t cp)
{
	if (cp >= 0xFF01 && cp <= 0xFF5E)
		cp -= 0xFEE0;
	if (cp >= 'A' && cp <= 'Z')
		return cp - 'A' + 'a';
	return cp == 0x2019 || cp == 0x2018 ? '\'' : cp;
}
