/* The listening socket: made where nobody listens, taken where it is passed, and refused where there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi.h"
#include "listener.h"

static char path[64];

static void
assert_does_not_block(int fd)
{
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(accept(fd, NULL, NULL), -1);
}

/* Where an earlier process has left its file, and then where there is none. */
static void
listens_on_a_socket_of_its_own(void **state)
{
	struct stat st;
	int i, fd, client;

	(void)state;
	close(fcgi_listen(path));
	for (i = 0; i < 2; i++) {
		fd = listener_open(path);
		assert_true(fd >= 0);
		assert_does_not_block(fd);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0660);
		client = fcgi_connect(path);
		assert_true(client >= 0);
		close(client);
		close(fd);
		assert_int_equal(unlink(path), 0);
	}
	fcgi_unlisten(-1, path);
}

static void
a_living_ones_socket_is_not_taken(void **state)
{
	int fd = fcgi_listen(path), client;

	(void)state;
	assert_int_equal(listener_open(path), -1);
	client = fcgi_connect(path);
	assert_true(client >= 0);
	close(client);
	fcgi_unlisten(fd, path);
}

static void
some_places_are_none(void **state)
{
	char longer[200] = "";

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	assert_int_equal(listener_open(longer), -1);
	assert_int_equal(listener_open("/nonexistent/socket"), -1);
}

/* With fd as the standard input. */
static int
open_passed(int fd)
{
	int kept = dup(STDIN_FILENO), passed;

	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(fcntl(STDIN_FILENO, F_SETFL, 0), 0);
	passed = listener_open(NULL);
	if (passed >= 0)
		assert_does_not_block(passed);
	assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
	close(kept);
	return passed;
}

static void
a_socket_that_is_passed_must_listen(void **state)
{
	int null = open("/dev/null", O_RDONLY), mute = socket(AF_UNIX, SOCK_STREAM, 0);
	int fd = fcgi_listen(path);

	(void)state;
	assert_int_equal(open_passed(fd), STDIN_FILENO);
	assert_int_equal(open_passed(null), -1);
	assert_int_equal(open_passed(mute), -1);
	close(null);
	close(mute);
	fcgi_unlisten(fd, path);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(listens_on_a_socket_of_its_own),
		cmocka_unit_test(a_living_ones_socket_is_not_taken),
		cmocka_unit_test(some_places_are_none),
		cmocka_unit_test(a_socket_that_is_passed_must_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
