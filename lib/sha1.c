/* SHA-1 as RFC 3174 §6.1 describes it (method 1), on a message that is in memory as a whole. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sha1.h"

enum { BLOCK = 64 };

static uint32_t
rotl(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

/* The logical function and constant of round t (RFC 3174 §5). */
static uint32_t
mix(int t, uint32_t b, uint32_t c, uint32_t d)
{
	if (t < 20)
		return ((b & c) | (~b & d)) + 0x5a827999;
	if (t < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (t < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void
block_add(uint32_t h[5], const unsigned char block[BLOCK])
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], next;
	int t;

	for (t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (; t < 80; t++)
		w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (t = 0; t < 80; t++) {
		next = rotl(a, 5) + mix(t, b, c, d) + e + w[t];
		e = d;
		d = c;
		c = rotl(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* The last one or two blocks: what is left of the message, a one bit, zeros, and the length in bits. */
static void
tail_add(uint32_t h[5], const unsigned char *rest, size_t nrest, uint64_t len)
{
	unsigned char tail[2 * BLOCK] = { 0 };
	size_t size = nrest < BLOCK - 8 ? BLOCK : 2 * BLOCK, i;

	memcpy(tail, rest, nrest);
	tail[nrest] = 0x80;
	for (i = 0; i < 8; i++)
		tail[size - 1 - i] = (unsigned char)(len * 8 >> 8 * i);
	for (i = 0; i < size; i += BLOCK)
		block_add(h, tail + i);
}

void
sha1_hex(const void *bytes, size_t len, char ret_hex[41])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	const unsigned char *at = bytes;
	size_t whole;

	for (whole = len / BLOCK; whole > 0; whole--, at += BLOCK)
		block_add(h, at);
	tail_add(h, at, len % BLOCK, len);
	snprintf(ret_hex, 41, "%08x%08x%08x%08x%08x", h[0], h[1], h[2], h[3], h[4]);
}
