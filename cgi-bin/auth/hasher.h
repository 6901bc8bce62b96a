/*
 * Argon2id on a few threads of their own.  A hash takes 19 MiB and about 20 ms of a core: so many at once as there are
 * cores, at low priority, and what waits longer than its caller can is refused.  Neither memory nor the requests that
 * need no hash feel a storm of sign-ins.
 */
#ifndef HASHER_H
#define HASHER_H

#include <stdint.h>

#include "attr.h"
#include "err.h"

enum {
	HASHER_SALT_LEN = 16,
	HASHER_PHC_SIZE = 128,	    /* of a PHC string and its NUL; 98 are used */
	HASHER_PASSWORD_MAX = 1024, /* bytes */
	HASHER_QUEUE_MAX = 128
};

struct hasher;

/** hasher_cores(): How many threads to have: one per core, at most 4. */
int hasher_cores(void);

/** hasher_open(threads): Start ${threads} threads; never NULL. */
struct hasher *hasher_open(int threads);

/** hasher_close(h): Stop them; no hasher_run may be under way.  NULL is a no-op. */
void hasher_close(struct hasher *h);

/**
 * hasher_run(h, password, salt, deadline_ms, ret_phc):
 * Hash ${password}, at most HASHER_PASSWORD_MAX bytes, and store "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".  Errors:
 * ERR_OVERLOADED at once when HASHER_QUEUE_MAX are waiting, when ${deadline_ms} (of clock_ms) passes, and when there
 * is no memory to be had.
 */
enum err hasher_run(struct hasher *h, const char *password, const unsigned char salt[HASHER_SALT_LEN],
		    int64_t deadline_ms, char ret_phc[HASHER_PHC_SIZE]) MUST_CHECK;

/** hasher_waiting(h): How many passwords wait for a thread. */
int hasher_waiting(const struct hasher *h);

#endif
