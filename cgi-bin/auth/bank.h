/* Bank accounts: which banks there are, how an account number looks, and how it is kept from everybody else. */
#ifndef BANK_H
#define BANK_H

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"

struct arena;

enum { BANK_KEY_LEN = 32 };

/*
 * The banks' codes in Korea's payment networks (KFTC), separated by '|' as fields.h wants them: 002 KDB 산업,
 * 003 IBK 기업, 004 KB 국민, 007 수협, 011 NH 농협, 020 우리, 023 SC 제일, 027 씨티, 031 iM (대구), 032 부산, 034 광주,
 * 035 제주, 037 전북, 039 경남, 045 새마을금고, 048 신협, 071 우체국, 081 하나, 088 신한, 089 케이뱅크, 090 카카오뱅크,
 * 092 토스뱅크.
 */
#define BANK_CODES "002|003|004|007|011|020|023|027|031|032|034|035|037|039|045|048|071|081|088|089|090|092"

/** bank_is_account(s): Is ${s} made of digits and dashes, with at least six digits? */
bool bank_is_account(const char *s);

/**
 * bank_seal(a, key, customer, account, ret_len):
 * Encrypt ${account} so that it opens only with ${key} and for ${customer} (a uuid).  ${account} NULL gives NULL and
 * length 0.
 */
unsigned char *bank_seal(struct arena *a, const unsigned char key[BANK_KEY_LEN], const char *customer,
			 const char *account, size_t *ret_len);

/** bank_open(a, key, customer, sealed, len): What bank_seal sealed; NULL if it was not, or for somebody else. */
char *bank_open(struct arena *a, const unsigned char key[BANK_KEY_LEN], const char *customer,
		const unsigned char *sealed, size_t len);

/** bank_mask(a, account): ${account} as it may be shown: "****1234"; NULL gives NULL. */
char *bank_mask(struct arena *a, const char *account);

#endif
