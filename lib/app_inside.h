/* What the files of a program's life share: its configuration. */
#ifndef APP_INSIDE_H
#define APP_INSIDE_H

#include "app.h"
#include "kv.h"

struct app_conf {
	struct db_conf db;
	struct kv_conf kv;
	int64_t threads;
	int64_t log_level;
	const char *issuer;
	const char *cors_origins;
};

/** app_conf_read(program, ret_conf): Read all variables, the program's own too, logging each fault.  Returns the faults counted. */
int app_conf_read(const struct program *program, struct app_conf *ret_conf);

/** app_help(program): Print the options and variables.  Returns the exit status, 0. */
int app_help(const struct program *program);

/** app_routes(program): Print the routes: method, path, flags.  Returns the exit status, 0. */
int app_routes(const struct program *program);

#endif
