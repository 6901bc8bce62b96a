/* A program's life, seen from outside: toy.fcgi with its options, its configuration, its socket and its stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fcgi.h"
#include "servers.h"

#define TOY	     "/api/v1/toy"
#define HELLO	     "/api/v1/toy/hello"
#define GATE	     "/api/v1/toy/gate"
#define SHOP	     "/api/v1/toy/shop"
#define SUM	     "/api/v1/toy/sum"
#define READYZ	     "/api/v1/toy/readyz"
#define COUNTS	     "/api/v1/toy/counts"
#define EVENTS	     "/api/v1/toy/events"
#define ENV(...)     ((const char *const[]){ __VA_ARGS__, NULL })
#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })
/* Nobody is there, and that is known at once. */
#define ALONE "MOA_PG=host=/nonexistent dbname=moa", "MOA_REDIS=unix:/nonexistent"

enum { ARGS_MAX = 4, OUTPUT_MAX = 64 * 1024, LOADERS = 4, AT_THE_GATE = 3 };

/* A program that runs or has run. */
struct process {
	pid_t pid;
	int out, err;
};

static char path[64];

/* toy.fcgi lies beside this test. */
static const char *
toy_path(void)
{
	static char toy[4096 + 16];
	char self[4096] = "";

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	snprintf(toy, sizeof(toy), "%s/toy.fcgi", dirname(self));
	return toy;
}

/* In the child: become the program, with in as its standard input and of MOA_… only what env says. */
static void
become(const struct process *p, int in, const char *const *env, const char *const *options)
{
	char *args[ARGS_MAX + 2] = { (char *)"toy.fcgi" };
	char **at;
	int i;

	dup2(in, 0);
	dup2(p->out, 1);
	dup2(p->err, 2);
	for (at = environ; *at;) {
		if (strncmp(*at, "MOA_", 4) == 0)
			unsetenv(strndup(*at, strcspn(*at, "=")));
		else
			at++;
	}
	for (; *env; env++)
		putenv((char *)*env);
	for (i = 0; options[i] && i < ARGS_MAX; i++)
		args[i + 1] = (char *)options[i];
	execv(toy_path(), args);
	_exit(127);
}

static struct process
spawn(int in, const char *const *env, const char *const *options)
{
	struct process p = { .out = memfd_create("out", 0), .err = memfd_create("err", 0) };

	assert_true(p.out >= 0 && p.err >= 0);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0)
		become(&p, in, env, options);
	return p;
}

/* Wait for the end.  Returns the exit status, -1 when a signal ended it. */
static int
reap(const struct process *p)
{
	int status;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
forget(const struct process *p)
{
	close(p->out);
	close(p->err);
}

static const char *
output(int fd)
{
	static char text[OUTPUT_MAX];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

/* Run the program to its end. */
static int
run(struct process *p, const char *const *env, const char *const *options)
{
	int null = open("/dev/null", O_RDONLY);

	*p = spawn(null, env, options);
	close(null);
	return reap(p);
}

static void
routes_are_printed(void **state)
{
	struct process p;

	(void)state;
	assert_int_equal(run(&p, ENV("MOA_THREADS=nonsense"), OPTIONS("-r")), 0);
	assert_string_equal(output(p.out), "GET " TOY "/hello PUBLIC\n"
					   "GET " TOY "/me\n"
					   "GET " TOY "/admin ADMIN\n"
					   "POST " TOY "/shop MERCHANT UNTIMED\n"
					   "POST " TOY "/sum PUBLIC IDEMPOTENT BODY\n"
					   "GET " TOY "/gate PUBLIC\n"
					   "PUT " TOY "/gate PUBLIC\n"
					   "POST " TOY "/ticks PUBLIC\n"
					   "GET " TOY "/events PUBLIC STREAM\n"
					   "PATCH " TOY "/upload PUBLIC UPLOAD\n"
					   "GET " TOY "/counts PUBLIC\n"
					   "GET " TOY "/healthz PUBLIC\n"
					   "GET " TOY "/readyz PUBLIC\n"
					   "GET " TOY "/metrics PUBLIC\n");
	assert_string_equal(output(p.err), "");
	forget(&p);
}

static void
help_names_every_variable(void **state)
{
	static const char *const variables[] = { "MOA_PG", "MOA_REDIS", "MOA_THREADS", "MOA_TOY_LIMIT" };
	struct process p;
	size_t i;

	(void)state;
	assert_int_equal(run(&p, ENV(NULL), OPTIONS("--help")), 0);
	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		assert_non_null(strstr(output(p.out), variables[i]));
	forget(&p);
}

static void
unknown_options_are_refused(void **state)
{
	static const char *const options[][3] = {
		{ "-x" },
		{ "serve" },
		{ "" },
		{ "-s" },
		{ "-r", "-n" },
		{ "-n", "/tmp/socket" },
		{ "", "/tmp/socket" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct process p;

		assert_int_equal(run(&p, ENV(ALONE), options[i]), 2);
		assert_non_null(strstr(output(p.err), "--help"));
		forget(&p);
	}
}

static void
all_faults_of_the_configuration_are_told_at_once(void **state)
{
	static const char *const options[][3] = { { "-n" }, { "-s", "/nonexistent/socket" }, { NULL } };
	static const char *const variables[] = { "MOA_THREADS", "MOA_PG_POOL", "MOA_PG_PREPARE",
						 "MOA_REDIS_PASSWORD", "MOA_TOY_LIMIT" };
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct process p;

		assert_int_equal(run(&p,
				     ENV("MOA_THREADS=1", "MOA_PG_POOL=many", "MOA_PG_PREPARE=yes",
					 "MOA_REDIS_PASSWORD_FILE=/nonexistent/secret", "MOA_TOY_LIMIT=0"),
				     options[i]),
				 1);
		for (j = 0; j < sizeof(variables) / sizeof(variables[0]); j++)
			assert_non_null(strstr(output(p.err), variables[j]));
		assert_null(strstr(output(p.err), "many"));
		forget(&p);
	}
}

static void
without_a_socket_there_is_nothing_to_do(void **state)
{
	struct process p;

	(void)state;
	assert_int_equal(run(&p, ENV(ALONE), OPTIONS(NULL)), 2);
	forget(&p);
	assert_int_equal(run(&p, ENV(ALONE), OPTIONS("-s", "/nonexistent/socket")), 2);
	forget(&p);
}

static void
statements_that_cannot_be_checked_are_a_fault(void **state)
{
	struct process p;

	(void)state;
	assert_int_equal(run(&p, ENV(ALONE), OPTIONS("-n")), 1);
	assert_non_null(strstr(output(p.err), "db_connect"));
	forget(&p);
}

static bool
listens(void *unused)
{
	int fd = fcgi_connect(path);

	(void)unused;
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
refuses(void *unused)
{
	return !listens(unused);
}

/* Start the program on a socket of its own, where an earlier one has left its file. */
static struct process
serve(const char *threads)
{
	struct process p;
	int fd = fcgi_listen(path);

	close(fd);
	p = spawn(-1, ENV(ALONE, threads), OPTIONS("-s", path));
	assert_true(server_wait(listens, NULL));
	return p;
}

static void
assert_ends(const struct process *p)
{
	int64_t begun_ms = clock_ms();
	int status = reap(p);

	if (status != 0)
		fail_msg("status %d: %s", status, output(p->err));
	assert_true(clock_ms() - begun_ms < 2000);
	forget(p);
	fcgi_unlisten(-1, path);
}

static int
connection(void)
{
	int fd = fcgi_connect(path);

	assert_true(fd >= 0);
	return fd;
}

/* Make a request on a connection of its own; the reply is to be released. */
static int
ask(const char *const *params, struct fcgi_reply *ret_reply)
{
	int fd = connection();

	fcgi_send(fd, false, params);
	assert_true(fcgi_read(fd, ret_reply));
	close(fd);
	return ret_reply->status;
}

static void
assert_hello(void)
{
	struct fcgi_reply reply;
	char value[256];

	assert_int_equal(
	    ask(FCGI_PARAMS("REQUEST_METHOD", "GET", "REQUEST_URI", HELLO, "HTTP_X_REQUEST_ID", "mine"),
		&reply),
	    200);
	assert_string_equal(reply.body, "{\"greeting\":\"hello\"}");
	assert_true(fcgi_header(&reply, "X-Request-Id", value));
	assert_string_equal(value, "mine");
	assert_true(fcgi_header(&reply, "Server-Timing", value));
	assert_int_equal(strncmp(value, "total;dur=", 10), 0);
	fcgi_release(&reply);
}

static void
serves_on_a_socket_of_its_own(void **state)
{
	struct process p = serve("MOA_THREADS=4");

	(void)state;
	assert_hello();
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	assert_int_equal(reap(&p), 0);
	assert_non_null(strstr(output(p.err), "event=request id=mine method=GET path=" HELLO " status=200"));
	forget(&p);
	fcgi_unlisten(-1, path);
}

static void
a_living_programs_socket_is_not_taken(void **state)
{
	struct process p = serve("MOA_THREADS=4"), second;

	(void)state;
	assert_int_equal(run(&second, ENV(ALONE), OPTIONS("-s", path)), 2);
	assert_non_null(strstr(output(second.err), "another process listens"));
	forget(&second);
	assert_hello();
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	assert_ends(&p);
}

static void
serves_on_the_socket_it_is_given(void **state)
{
	struct process p;
	int fd = fcgi_listen(path);

	(void)state;
	p = spawn(fd, ENV(ALONE, "MOA_THREADS=4", "MOA_TOY_GREETING=hello"), OPTIONS(NULL));
	close(fd);
	assert_hello();
	assert_int_equal(kill(p.pid, SIGINT), 0);
	assert_ends(&p);
}

static void
public_auth_routes_tell_no_times(void **state)
{
	struct process p = serve("MOA_THREADS=4");
	struct fcgi_reply reply;
	char value[256];

	(void)state;
	assert_int_equal(ask(FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", SHOP), &reply), 401);
	assert_false(fcgi_header(&reply, "Server-Timing", value));
	fcgi_release(&reply);
	assert_int_equal(ask(FCGI_GET("/nowhere"), &reply), 404);
	assert_true(fcgi_header(&reply, "Server-Timing", value));
	fcgi_release(&reply);
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	assert_ends(&p);
}

static void
a_missing_database_costs_only_what_needs_it(void **state)
{
	struct process p = serve("MOA_THREADS=4");
	int fd = connection();
	struct fcgi_reply reply;
	char value[256];

	(void)state;
	fcgi_begin(fd, false,
		   FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", SUM, "CONTENT_TYPE",
			       "application/json", "HTTP_IDEMPOTENCY_KEY", "k"));
	fcgi_stdin(fd, "{\"number\":1}", 12);
	fcgi_stdin(fd, "", 0);
	assert_true(fcgi_read(fd, &reply));
	assert_int_equal(reply.status, 503);
	assert_non_null(strstr(reply.body, "dependency_unavailable"));
	assert_true(fcgi_header(&reply, "Retry-After", value));
	fcgi_release(&reply);
	close(fd);
	assert_int_equal(ask(FCGI_GET(READYZ), &reply), 503);
	fcgi_release(&reply);
	assert_hello();
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	assert_ends(&p);
}

/* A client that asks until nobody lets it in. */
struct loader {
	pthread_t thread;
	int answered, lost;
};

static void *
load(void *arg)
{
	struct loader *l = arg;
	struct fcgi_reply reply;
	int fd;

	while ((fd = fcgi_connect(path)) >= 0) {
		fcgi_send(fd, false, FCGI_GET(HELLO));
		if (fcgi_read(fd, &reply) && reply.status == 200)
			l->answered++;
		else
			l->lost++;
		fcgi_release(&reply);
		close(fd);
	}
	return NULL;
}

static bool
all_at_the_gate(void *unused)
{
	struct fcgi_reply reply;
	bool all;

	(void)unused;
	ask(FCGI_GET(COUNTS), &reply);
	all = strstr(reply.body, "\"waiting\":3") != NULL;
	fcgi_release(&reply);
	return all;
}

static void
assert_status(int fd, int status)
{
	struct fcgi_reply reply;

	assert_true(fcgi_read(fd, &reply));
	assert_int_equal(reply.status, status);
	fcgi_release(&reply);
	close(fd);
}

/* Requests run, one is half sent, others come and come; of those that got in, none is lost. */
static void
a_stop_under_load_loses_nothing(void **state)
{
	struct process p = serve("MOA_THREADS=8");
	struct loader loaders[LOADERS] = { 0 };
	int gate[AT_THE_GATE], opener = connection(), i, lost = 0;

	(void)state;
	for (i = 0; i < AT_THE_GATE; i++) {
		gate[i] = connection();
		fcgi_send(gate[i], i > 0, FCGI_GET(GATE));
	}
	fcgi_begin(opener, true, FCGI_PARAMS("REQUEST_METHOD", "PUT", "REQUEST_URI", GATE));
	for (i = 0; i < LOADERS; i++)
		assert_int_equal(pthread_create(&loaders[i].thread, NULL, load, &loaders[i]), 0);
	assert_true(server_wait(all_at_the_gate, NULL));
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	assert_true(server_wait(refuses, NULL));
	fcgi_stdin(opener, "", 0);
	assert_status(opener, 204);
	for (i = 0; i < AT_THE_GATE; i++)
		assert_status(gate[i], 204);
	for (i = 0; i < LOADERS; i++) {
		pthread_join(loaders[i].thread, NULL);
		assert_true(loaders[i].answered > 0);
		lost += loaders[i].lost;
	}
	assert_int_equal(lost, 0);
	assert_ends(&p);
}

static void
a_stop_ends_streams_and_kept_connections(void **state)
{
	struct process p = serve("MOA_THREADS=8");
	int stream = connection(), kept = connection();
	struct fcgi_reply reply = { 0 };
	char byte;

	(void)state;
	fcgi_send(kept, true, FCGI_GET(HELLO));
	assert_true(fcgi_read(kept, &reply));
	fcgi_release(&reply);
	fcgi_send(stream, true, FCGI_GET(EVENTS));
	while (!reply.text || !strstr(reply.text, "event: open"))
		assert_true(fcgi_next(stream, &reply));
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	while (!reply.ended)
		assert_true(fcgi_next(stream, &reply));
	assert_int_equal(read(kept, &byte, 1), 0);
	assert_ends(&p);
	fcgi_release(&reply);
	close(stream);
	close(kept);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_printed),
		cmocka_unit_test(help_names_every_variable),
		cmocka_unit_test(unknown_options_are_refused),
		cmocka_unit_test(all_faults_of_the_configuration_are_told_at_once),
		cmocka_unit_test(without_a_socket_there_is_nothing_to_do),
		cmocka_unit_test(statements_that_cannot_be_checked_are_a_fault),
		cmocka_unit_test(serves_on_a_socket_of_its_own),
		cmocka_unit_test(a_living_programs_socket_is_not_taken),
		cmocka_unit_test(serves_on_the_socket_it_is_given),
		cmocka_unit_test(public_auth_routes_tell_no_times),
		cmocka_unit_test(a_missing_database_costs_only_what_needs_it),
		cmocka_unit_test(a_stop_under_load_loses_nothing),
		cmocka_unit_test(a_stop_ends_streams_and_kept_connections),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
