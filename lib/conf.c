/* Configuration: environment variables by a table, all faults at once. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "conf.h"
#include "log.h"

const char conf_required[] = "";

enum { VALUE_MAX = 4096 };

/* The first line of the file, without the line end, or NULL with errno set. */
static char *
file_line(const char *path)
{
	char buf[VALUE_MAX + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n < 0)
		return NULL;
	buf[n] = '\0';
	buf[strcspn(buf, "\r\n")] = '\0';
	return strdup(buf);
}

/*
 * The text for a row: the variable, the file named by NAME_FILE, or the preset.  NULL: none, and *ret_fault may say why.
 * What came from a file is in *ret_owned too.
 */
static const char *
row_text(const struct conf_row *row, const char **ret_fault, char **ret_owned)
{
	const char *text = getenv(row->name);
	char file_name[128];
	const char *path;

	if (text)
		return text;
	snprintf(file_name, sizeof(file_name), "%s_FILE", row->name);
	path = getenv(file_name);
	if (path) {
		*ret_owned = file_line(path);
		if (!*ret_owned)
			*ret_fault = "the file that its _FILE variable names cannot be read";
		return *ret_owned;
	}
	if (row->preset == CONF_REQUIRED) {
		*ret_fault = "is not set, nor is its _FILE variable";
		return NULL;
	}
	return row->preset;
}

static const char *
set_int(const struct conf_row *row, const char *text, int64_t *ret)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || *end || errno)
		return "is not an integer";
	if (n < row->min || n > row->max)
		return "is out of bounds";
	*ret = n;
	return NULL;
}

static const char *
set_key32(const char *text, unsigned char ret[32])
{
	unsigned char key[32];
	size_t len = 0;

	if ((sodium_hex2bin(key, sizeof(key), text, strlen(text), NULL, &len, NULL) == 0 &&
	     len == sizeof(key)) ||
	    (sodium_base642bin(key, sizeof(key), text, strlen(text), NULL, &len, NULL,
			       sodium_base64_VARIANT_ORIGINAL) == 0 &&
	     len == sizeof(key))) {
		memcpy(ret, key, sizeof(key));
		sodium_memzero(key, sizeof(key));
		return NULL;
	}
	return "is not 32 bytes in hex or base64";
}

/* Store the text in its place.  Returns what is wrong with it, or NULL. */
static const char *
row_set(const struct conf_row *row, const char *text, void *ret_conf)
{
	void *place = (char *)ret_conf + row->offset;
	int64_t n;

	switch (row->type) {
	case CONF_STR:
		if ((int64_t)strlen(text) < row->min || (int64_t)strlen(text) > row->max)
			return "is too short or too long";
		*(const char **)place = text;
		return NULL;
	case CONF_INT:
		return set_int(row, text, place);
	case CONF_BOOL:
		n = strcmp(text, "1") == 0 ? 1 : strcmp(text, "0") == 0 ? 0 : -1;
		if (n < 0)
			return "is neither 0 nor 1";
		*(bool *)place = n;
		return NULL;
	case CONF_KEY32:
		return set_key32(text, place);
	}
	return "has no type";
}

int
conf_read(const struct conf_row *rows, void *ret_conf)
{
	const struct conf_row *row;
	int faults = 0;

	for (row = rows; row->name; row++) {
		char *owned = NULL;
		const char *fault = NULL, *text = row_text(row, &fault, &owned);

		if (text)
			fault = row_set(row, text, ret_conf);
		else if (row->type == CONF_STR)
			*(const char **)((char *)ret_conf + row->offset) = NULL;
		if (owned && (fault || row->type != CONF_STR)) {
			explicit_bzero(owned, strlen(owned));
			free(owned);
		}
		if (fault) {
			log_event(LOG_ERROR, "configuration", "variable=%s fault=\"%s\" about=\"%s\"",
				  row->name, fault, row->about);
			faults++;
		}
	}
	return faults;
}

void
conf_help(const struct conf_row *rows)
{
	const struct conf_row *row;

	for (row = rows; row->name; row++)
		printf("  %-24s %s (%s%s)\n", row->name, row->about,
		       row->preset == CONF_REQUIRED ? "required"
		       : row->preset		    ? "default "
						    : "default: none",
		       row->preset && row->preset != CONF_REQUIRED ? row->preset : "");
}
