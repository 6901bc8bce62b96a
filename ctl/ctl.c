/* What the commands share: complaints, files, rows as text. */
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ctl.h"

void
ctl_error(const char *fmt, ...)
{
	va_list args;

	fputs("moa-ctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

char *
ctl_file(struct ctl *ctl, const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	char *text;
	size_t len;

	if (!file || fstat(fileno(file), &st) < 0) {
		ctl_error("%s: %m", path);
		if (file)
			fclose(file);
		return NULL;
	}
	text = arena_alloc(&ctl->arena, (size_t)st.st_size + 1);
	len = fread(text, 1, (size_t)st.st_size, file);
	fclose(file);
	if (len == (size_t)st.st_size)
		return text;
	ctl_error("%s: cannot be read whole", path);
	return NULL;
}

void
ctl_print(const PGresult *res)
{
	int row, column;

	for (row = 0; row < PQntuples(res); row++) {
		if (row > 0)
			putchar('\n');
		for (column = 0; column < PQnfields(res); column++)
			printf("%s: %s\n", PQfname(res, column), PQgetvalue(res, row, column));
	}
}
