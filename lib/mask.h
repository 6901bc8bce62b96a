/* Hiding what is nobody's business in running text before it leaves for others: e-mail addresses, numbers, amounts. */
#ifndef MASK_H
#define MASK_H

struct arena;

/**
 * mask_text(a, text):
 * A copy of ${text}, which is UTF-8, with each e-mail address replaced by "[e-mail]" and each number of nine digits or
 * more (telephones, cards, accounts, resident numbers; also written in groups, with one hyphen, dot or space between
 * them, or in full-width digits) by "[number]".  Prices stay: 1,500,000원 is no such number, nor is the range
 * 30000-50000.
 */
char *mask_text(struct arena *a, const char *text);

/**
 * mask_numbers(a, text, digits_min):
 * A copy of ${text} with each number of ${digits_min} digits or more replaced by "[number]"; commas between digits do not
 * part it.  For texts that tell amounts which are nobody else's business.
 */
char *mask_numbers(struct arena *a, const char *text, int digits_min);

#endif
