/* The refused of one process: a fixed table, indexed by a keyed hash of limit and subject. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "refused.h"

enum { ID_LEN = 16 };

struct slot {
	unsigned char id[ID_LEN]; /* of limit and subject; two that share one do not occur */
	struct refusal refusal;
	int64_t until_ms;  /* when the limit ends */
	int64_t forget_ms; /* when PostgreSQL is to be asked again */
};

struct refused {
	pthread_mutex_t lock;
	unsigned char key[crypto_generichash_KEYBYTES]; /* random: nobody can choose who shares their slot */
	int nslots;
	struct slot slots[];
};

struct refused *
refused_open(int slots)
{
	struct refused *t = calloc(1, sizeof(*t) + (size_t)slots * sizeof(t->slots[0]));

	if (!t)
		abort();
	pthread_mutex_init(&t->lock, NULL);
	randombytes_buf(t->key, sizeof(t->key));
	t->nslots = slots;
	return t;
}

void
refused_close(struct refused *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* The slot for the subject under this limit, and the id it would have there. */
static struct slot *
slot_of(struct refused *t, const char *limit, const char *subject, unsigned char ret_id[ID_LEN])
{
	crypto_generichash_state state;
	uint32_t index;

	crypto_generichash_init(&state, t->key, sizeof(t->key), ID_LEN);
	crypto_generichash_update(&state, (const unsigned char *)limit, strlen(limit) + 1);
	crypto_generichash_update(&state, (const unsigned char *)subject, strlen(subject));
	crypto_generichash_final(&state, ret_id, ID_LEN);
	memcpy(&index, ret_id, sizeof(index));
	return &t->slots[index % (uint32_t)t->nslots];
}

void
refused_note(struct refused *t, const char *subject, const struct refusal *refusal, int64_t now_ms)
{
	unsigned char id[ID_LEN];
	struct slot *slot = slot_of(t, refusal->limit, subject, id);

	pthread_mutex_lock(&t->lock);
	memcpy(slot->id, id, ID_LEN);
	slot->refusal = *refusal;
	slot->until_ms = now_ms + refusal->retry_after_s * 1000LL;
	slot->forget_ms = now_ms + REFUSED_MEMORY_MS;
	if (slot->forget_ms > slot->until_ms)
		slot->forget_ms = slot->until_ms;
	pthread_mutex_unlock(&t->lock);
}

bool
refused_find(struct refused *t, const char *limit, const char *subject, int64_t now_ms,
	     struct refusal *ret_refusal)
{
	unsigned char id[ID_LEN];
	struct slot *slot = slot_of(t, limit, subject, id);
	bool found;

	pthread_mutex_lock(&t->lock);
	found = now_ms < slot->forget_ms && memcmp(slot->id, id, ID_LEN) == 0;
	if (found) {
		*ret_refusal = slot->refusal;
		ret_refusal->retry_after_s = (int)((slot->until_ms - now_ms + 999) / 1000);
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}
