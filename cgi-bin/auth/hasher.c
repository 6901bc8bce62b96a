/* Argon2id on a few low-priority threads, with a bounded queue in front of them. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sodium.h>

#include "clock.h"
#include "hasher.h"
#include "log.h"

enum { MEMORY_KIB = 19456, PASSES = 2, HASH_LEN = 32, THREADS_MAX = 4, NICE = 10, STACK_BYTES = 256 * 1024 };

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_ABANDONED };

/* Belongs to the caller, and to the thread that runs it once the caller has given up. */
struct job {
	TAILQ_ENTRY(job) entry;
	enum job_state state;
	bool failed;
	pthread_cond_t done;
	size_t len;
	unsigned char salt[HASHER_SALT_LEN];
	unsigned char hash[HASH_LEN];
	char password[HASHER_PASSWORD_MAX];
};

struct hasher {
	pthread_mutex_t lock;
	pthread_cond_t work;
	TAILQ_HEAD(job_queue, job) queue;
	atomic_int waiting; /* written under the lock, read without it */
	bool stopping;
	int nthreads;
	pthread_t threads[THREADS_MAX];
};

static void
job_free(struct job *job)
{
	pthread_cond_destroy(&job->done);
	sodium_memzero(job, sizeof(*job));
	free(job);
}

static struct job *
job_new(const char *password, const unsigned char *salt)
{
	struct job *job = calloc(1, sizeof(*job));
	pthread_condattr_t attr;

	if (!job)
		abort();
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&job->done, &attr);
	pthread_condattr_destroy(&attr);
	job->len = strnlen(password, HASHER_PASSWORD_MAX);
	memcpy(job->password, password, job->len);
	memcpy(job->salt, salt, HASHER_SALT_LEN);
	return job;
}

/* Take the next job, waiting for one.  NULL when the hasher is to stop.  The lock is held. */
static struct job *
job_next(struct hasher *h)
{
	struct job *job;

	while (!h->stopping && TAILQ_EMPTY(&h->queue))
		pthread_cond_wait(&h->work, &h->lock);
	if (h->stopping)
		return NULL;
	job = TAILQ_FIRST(&h->queue);
	TAILQ_REMOVE(&h->queue, job, entry);
	h->waiting--;
	job->state = JOB_RUNNING;
	return job;
}

static bool
job_run(struct job *job)
{
	return crypto_pwhash(job->hash, HASH_LEN, job->password, job->len, job->salt, PASSES,
			     (size_t)MEMORY_KIB * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static void *
thread_run(void *arg)
{
	struct hasher *h = arg;
	struct job *job;

	/* On Linux a thread id stands for that thread alone: the rest of the process keeps its priority. */
	if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICE) != 0)
		log_event(LOG_WARN, "hasher", "msg=\"cannot lower the priority of a thread\"");
	pthread_mutex_lock(&h->lock);
	while ((job = job_next(h)) != NULL) {
		bool ok;

		pthread_mutex_unlock(&h->lock);
		ok = job_run(job);
		pthread_mutex_lock(&h->lock);
		if (job->state == JOB_ABANDONED) {
			job_free(job);
			continue;
		}
		job->failed = !ok;
		job->state = JOB_DONE;
		pthread_cond_signal(&job->done);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

int
hasher_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (int)n;
}

struct hasher *
hasher_open(int threads)
{
	struct hasher *h = calloc(1, sizeof(*h));
	pthread_attr_t attr;

	if (!h || threads < 1 || threads > THREADS_MAX)
		abort();
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->work, NULL);
	TAILQ_INIT(&h->queue);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (h->nthreads = 0; h->nthreads < threads; h->nthreads++)
		if (pthread_create(&h->threads[h->nthreads], &attr, thread_run, h) != 0)
			abort();
	pthread_attr_destroy(&attr);
	return h;
}

void
hasher_close(struct hasher *h)
{
	int i;

	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->stopping = true;
	pthread_cond_broadcast(&h->work);
	pthread_mutex_unlock(&h->lock);
	for (i = 0; i < h->nthreads; i++)
		pthread_join(h->threads[i], NULL);
	pthread_cond_destroy(&h->work);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* Wait until the job is done or the deadline passes.  The lock is held. */
static bool
job_wait(struct hasher *h, struct job *job, int64_t deadline_ms)
{
	struct timespec until = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };

	while (job->state != JOB_DONE && clock_left_ms(deadline_ms) > 0)
		pthread_cond_timedwait(&job->done, &h->lock, &until);
	return job->state == JOB_DONE;
}

/* The caller has given up: nobody else will free a job that no thread has taken.  The lock is held. */
static void
job_abandon(struct hasher *h, struct job *job)
{
	if (job->state == JOB_RUNNING) {
		job->state = JOB_ABANDONED;
		return;
	}
	TAILQ_REMOVE(&h->queue, job, entry);
	h->waiting--;
	job_free(job);
}

/* The PHC string format, as crypto_pwhash_str writes and crypto_pwhash_str_verify reads it. */
static void
phc_write(const struct job *job, char ret_phc[HASHER_PHC_SIZE])
{
	char salt[32], hash[64];

	sodium_bin2base64(salt, sizeof(salt), job->salt, HASHER_SALT_LEN,
			  sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	sodium_bin2base64(hash, sizeof(hash), job->hash, HASH_LEN, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	snprintf(ret_phc, HASHER_PHC_SIZE, "$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", MEMORY_KIB, PASSES, salt,
		 hash);
}

enum err
hasher_run(struct hasher *h, const char *password, const unsigned char salt[HASHER_SALT_LEN],
	   int64_t deadline_ms, char ret_phc[HASHER_PHC_SIZE])
{
	struct job *job;
	enum err e = OK;

	pthread_mutex_lock(&h->lock);
	if (h->waiting >= HASHER_QUEUE_MAX) {
		pthread_mutex_unlock(&h->lock);
		return ERR_OVERLOADED;
	}
	job = job_new(password, salt);
	TAILQ_INSERT_TAIL(&h->queue, job, entry);
	h->waiting++;
	pthread_cond_signal(&h->work);
	if (!job_wait(h, job, deadline_ms)) {
		job_abandon(h, job);
		pthread_mutex_unlock(&h->lock);
		return ERR_OVERLOADED;
	}
	pthread_mutex_unlock(&h->lock);
	if (job->failed)
		e = ERR_OVERLOADED;
	else
		phc_write(job, ret_phc);
	job_free(job);
	return e;
}

int
hasher_waiting(const struct hasher *h)
{
	return atomic_load(&h->waiting);
}
