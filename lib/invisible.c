/* Characters that nobody sees, as two tables of ranges (Unicode 15: White_Space, Default_Ignorable_Code_Point, Bidi_Control). */
#include <stddef.h>
#include <stdint.h>

#include "invisible.h"

struct range {
	uint32_t first, last;
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct range unseen[] = {
	{ 0x0000, 0x0020 },   { 0x007F, 0x00A0 }, { 0x00AD, 0x00AD },	{ 0x034F, 0x034F },
	{ 0x061C, 0x061C },   { 0x115F, 0x1160 }, /* Hangul fillers */
	{ 0x1680, 0x1680 },   { 0x17B4, 0x17B5 }, { 0x180B, 0x180F },	{ 0x2000, 0x200F },
	{ 0x2028, 0x202F },   { 0x205F, 0x206F }, { 0x2800, 0x2800 }, /* Braille, no dots */
	{ 0x3000, 0x3000 },   { 0x3164, 0x3164 }, { 0xFE00, 0xFE0F },	{ 0xFEFF, 0xFEFF },
	{ 0xFFA0, 0xFFA0 },   { 0xFFF0, 0xFFF8 }, { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A },
	{ 0xE0000, 0xE0FFF },
};

static const struct range marks[] = {
	{ 0x200B, 0x200B }, { 0x200E, 0x200F }, { 0x202A, 0x202E },
	{ 0x2060, 0x2060 }, { 0x2066, 0x2069 }, { 0xFEFF, 0xFEFF },
};

/* The character at *at, which is moved behind it. */
static uint32_t
next_character(const unsigned char **at)
{
	const unsigned char *s = *at;
	int more = s[0] < 0xC0 ? 0 : s[0] < 0xE0 ? 1 : s[0] < 0xF0 ? 2 : 3;
	uint32_t c = more ? s[0] & (0x3Fu >> more) : s[0];

	for (s++; more > 0; more--)
		c = c << 6 | (*s++ & 0x3Fu);
	*at = s;
	return c;
}

static bool
is_in(const struct range *ranges, size_t n, uint32_t c)
{
	size_t i;

	for (i = 0; i < n && c >= ranges[i].first; i++)
		if (c <= ranges[i].last)
			return true;
	return false;
}

bool
invisible_only(const char *s)
{
	const unsigned char *at = (const unsigned char *)s;

	while (*at)
		if (!is_in(unseen, COUNT(unseen), next_character(&at)))
			return false;
	return true;
}

bool
invisible_marks(const char *s)
{
	const unsigned char *at = (const unsigned char *)s;

	while (*at)
		if (is_in(marks, COUNT(marks), next_character(&at)))
			return true;
	return false;
}
