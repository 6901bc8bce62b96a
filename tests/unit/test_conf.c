/* conf.c: the environment by a table, with files for secrets, and all faults at once. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"

struct values {
	const char *name;
	int64_t size;
	bool on;
	unsigned char key[32];
};

static const struct conf_row rows[] = {
	{ "TEST_CONF_NAME", CONF_STR, offsetof(struct values, name), 1, 8, "preset", "a name" },
	{ "TEST_CONF_SIZE", CONF_INT, offsetof(struct values, size), 1, 64, "8", "a size" },
	{ "TEST_CONF_ON", CONF_BOOL, offsetof(struct values, on), 0, 1, "1", "a switch" },
	{ "TEST_CONF_KEY", CONF_KEY32, offsetof(struct values, key), 0, 0, CONF_REQUIRED, "a key" },
	{ 0 },
};

static const char key_hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char key_base64[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

static int
clean_environment(void **state)
{
	static const char *const names[] = { "TEST_CONF_NAME", "TEST_CONF_SIZE",     "TEST_CONF_ON",
					     "TEST_CONF_KEY",  "TEST_CONF_KEY_FILE", "TEST_CONF_NAME_FILE" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	return setenv("TEST_CONF_KEY", key_hex, 1);
}

/* Write text to a new file and name it in the variable. */
static void
file_in_env(const char *variable, const char *text, char ret_path[64])
{
	int fd;

	snprintf(ret_path, 64, "/tmp/test_conf.XXXXXX");
	fd = mkstemp(ret_path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	setenv(variable, ret_path, 1);
}

static void
test_presets(void **state)
{
	struct values v = { 0 };

	(void)state;
	assert_int_equal(conf_read(rows, &v), 0);
	assert_string_equal(v.name, "preset");
	assert_int_equal(v.size, 8);
	assert_true(v.on);
	assert_int_equal(v.key[31], 31);
}

/* Whatever was in its place before. */
static void
test_unset_string_without_preset(void **state)
{
	static const struct conf_row row[] = {
		{ "TEST_CONF_NAME", CONF_STR, offsetof(struct values, name), 1, 8, NULL, "a name" },
		{ 0 },
	};
	struct values v = { .name = "garbage" };

	(void)state;
	assert_int_equal(conf_read(row, &v), 0);
	assert_null(v.name);
}

static void
test_environment(void **state)
{
	struct values v = { 0 };

	(void)state;
	setenv("TEST_CONF_NAME", "given", 1);
	setenv("TEST_CONF_SIZE", "64", 1);
	setenv("TEST_CONF_ON", "0", 1);
	setenv("TEST_CONF_KEY", key_base64, 1);
	assert_int_equal(conf_read(rows, &v), 0);
	assert_string_equal(v.name, "given");
	assert_int_equal(v.size, 64);
	assert_false(v.on);
	assert_int_equal(v.key[0], 0);
	assert_int_equal(v.key[31], 31);
}

static void
test_files(void **state)
{
	static struct values first; /* strings live as long as the process */
	struct values v = { 0 };
	char key_path[64], name_path[64];

	(void)state;
	unsetenv("TEST_CONF_KEY");
	file_in_env("TEST_CONF_KEY_FILE", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", key_path);
	file_in_env("TEST_CONF_NAME_FILE", "filed", name_path);
	assert_int_equal(conf_read(rows, &first), 0);
	assert_string_equal(first.name, "filed");
	assert_int_equal(first.key[31], 31);
	/* The variable itself goes first. */
	setenv("TEST_CONF_NAME", "direct", 1);
	assert_int_equal(conf_read(rows, &v), 0);
	assert_string_equal(v.name, "direct");
	unlink(key_path);
	unlink(name_path);
	/* Now the files are gone, but only the key's is asked for. */
	assert_int_equal(conf_read(rows, &v), 1);
}

static void
test_faults(void **state)
{
	static const struct {
		const char *name, *value; /* NULL: unset */
	} cases[] = {
		{ "TEST_CONF_NAME", "" },
		{ "TEST_CONF_NAME", "too long here" },
		{ "TEST_CONF_SIZE", "" },
		{ "TEST_CONF_SIZE", "0" },
		{ "TEST_CONF_SIZE", "65" },
		{ "TEST_CONF_SIZE", "8x" },
		{ "TEST_CONF_SIZE", "eight" },
		{ "TEST_CONF_SIZE", "99999999999999999999" },
		{ "TEST_CONF_ON", "yes" },
		{ "TEST_CONF_ON", "" },
		{ "TEST_CONF_KEY", NULL },
		{ "TEST_CONF_KEY", "" },
		{ "TEST_CONF_KEY", "AAECAwQFBgcICQoLDA0ODw==" },
		{ "TEST_CONF_KEY", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20" },
		{ "TEST_CONF_KEY", "not a key" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct values v = { 0 };

		clean_environment(NULL);
		if (cases[i].value)
			setenv(cases[i].name, cases[i].value, 1);
		else
			unsetenv(cases[i].name);
		if (conf_read(rows, &v) != 1)
			fail_msg("%s=%s", cases[i].name, cases[i].value ? cases[i].value : "(unset)");
	}
}

/* Run conf_read with standard error in a file and return what was logged. */
static int
read_logged(struct values *v, char *ret_log, size_t size)
{
	char path[] = "/tmp/test_conf.XXXXXX";
	int kept = dup(STDERR_FILENO), fd = mkstemp(path), faults;
	ssize_t n;

	unlink(path);
	dup2(fd, STDERR_FILENO);
	faults = conf_read(rows, v);
	dup2(kept, STDERR_FILENO);
	n = pread(fd, ret_log, size - 1, 0);
	ret_log[n > 0 ? n : 0] = '\0';
	close(fd);
	close(kept);
	return faults;
}

static void
test_all_faults_at_once_without_values(void **state)
{
	struct values v = { 0 };
	char log[4096];

	(void)state;
	setenv("TEST_CONF_SIZE", "99", 1);
	setenv("TEST_CONF_ON", "maybe", 1);
	setenv("TEST_CONF_KEY", "hunter2-is-no-key", 1);
	assert_int_equal(read_logged(&v, log, sizeof(log)), 3);
	assert_non_null(strstr(log, "TEST_CONF_SIZE"));
	assert_non_null(strstr(log, "TEST_CONF_ON"));
	assert_non_null(strstr(log, "TEST_CONF_KEY"));
	assert_null(strstr(log, "hunter2"));
	assert_null(strstr(log, "maybe"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_presets, clean_environment),
		cmocka_unit_test_setup(test_unset_string_without_preset, clean_environment),
		cmocka_unit_test_setup(test_environment, clean_environment),
		cmocka_unit_test_setup(test_files, clean_environment),
		cmocka_unit_test_setup(test_faults, clean_environment),
		cmocka_unit_test_setup(test_all_faults_at_once_without_values, clean_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
