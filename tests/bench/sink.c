/* The yardstick of uploads: the least a FastCGI program can do with a body.  It reads it to its end and answers 204. */
#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#include <fcgiapp.h>

enum { THREADS = 16 };

static void *
worker_run(void *unused)
{
	FCGX_Request rq;
	char bytes[8192];

	FCGX_InitRequest(&rq, 0, 0);
	while (FCGX_Accept_r(&rq) == 0) {
		while (FCGX_GetStr(bytes, sizeof(bytes), rq.in) > 0)
			continue;
		FCGX_PutS("Status: 204\r\n\r\n", rq.out);
		FCGX_Finish_r(&rq);
	}
	return unused;
}

int
main(void)
{
	pthread_t threads[THREADS];
	int i;

	FCGX_Init();
	/* libfcgi's own way to end wakes only some of its threads. */
	signal(SIGTERM, SIG_DFL);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, worker_run, NULL) != 0)
			return 1;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
