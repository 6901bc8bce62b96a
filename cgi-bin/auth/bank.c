/*
 * Bank account numbers at rest: XChaCha20-Poly1305 with the customer's id as associated data, so that a row copied to
 * another customer does not open.  A sealed account is a version byte, the nonce, the ciphertext and its tag.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "bank.h"

enum {
	VERSION = 1,
	NONCE_LEN = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_LEN = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	HEAD_LEN = 1 + NONCE_LEN,
	DIGITS_MIN = 6,
	SHOWN = 4
};

bool
bank_is_account(const char *s)
{
	int digits = 0;

	for (; *s; s++) {
		if (*s >= '0' && *s <= '9')
			digits++;
		else if (*s != '-')
			return false;
	}
	return digits >= DIGITS_MIN;
}

unsigned char *
bank_seal(struct arena *a, const unsigned char key[BANK_KEY_LEN], const char *customer, const char *account,
	  size_t *ret_len)
{
	unsigned char *sealed;
	size_t len;

	*ret_len = 0;
	if (!account)
		return NULL;
	len = strlen(account);
	sealed = arena_alloc(a, HEAD_LEN + len + TAG_LEN);
	sealed[0] = VERSION;
	randombytes_buf(sealed + 1, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + HEAD_LEN, NULL, (const unsigned char *)account,
						   len, (const unsigned char *)customer, strlen(customer),
						   NULL, sealed + 1, key);
	*ret_len = HEAD_LEN + len + TAG_LEN;
	return sealed;
}

char *
bank_open(struct arena *a, const unsigned char key[BANK_KEY_LEN], const char *customer,
	  const unsigned char *sealed, size_t len)
{
	char *account;

	if (!sealed || len < HEAD_LEN + TAG_LEN || sealed[0] != VERSION)
		return NULL;
	account = arena_alloc(a, len - HEAD_LEN - TAG_LEN + 1);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		(unsigned char *)account, NULL, NULL, sealed + HEAD_LEN, len - HEAD_LEN,
		(const unsigned char *)customer, strlen(customer), sealed + 1, key) != 0)
		return NULL;
	return account;
}

char *
bank_mask(struct arena *a, const char *account)
{
	char shown[SHOWN + 1] = "";
	int n = SHOWN;
	const char *at;

	if (!account)
		return NULL;
	for (at = account + strlen(account); at > account && n > 0; at--)
		if (at[-1] != '-')
			shown[--n] = at[-1];
	return arena_printf(a, "****%s", shown + n);
}
