/* What every program is told by its environment, and what it tells of itself: --help and -r. */
#include <stdio.h>

#include "app_inside.h"
#include "health.h"
#include "log.h"

static const struct conf_row conf_rows[] = {
	{ "MOA_PG", CONF_STR, offsetof(struct app_conf, db.conninfo), 1, 1000, "dbname=moa",
	  "PostgreSQL connection string; the user defaults to moa_<program>" },
	{ "MOA_PG_POOL", CONF_INT, offsetof(struct app_conf, db.pool), 1, 64, "8",
	  "PostgreSQL connections per process" },
	{ "MOA_PG_PREPARE", CONF_BOOL, offsetof(struct app_conf, db.prepare), 0, 1, "1",
	  "0 behind a transaction pooler that knows no prepared statements" },
	{ "MOA_REDIS", CONF_STR, offsetof(struct app_conf, kv.address), 1, 200, "127.0.0.1:6379",
	  "Redis: host:port or unix:/path" },
	{ "MOA_REDIS_PASSWORD", CONF_STR, offsetof(struct app_conf, kv.password), 1, 200, NULL,
	  "password for Redis" },
	{ "MOA_REDIS_POOL", CONF_INT, offsetof(struct app_conf, kv.pool), 1, 64, "4",
	  "Redis connections per process" },
	{ "MOA_THREADS", CONF_INT, offsetof(struct app_conf, threads), 2, 4096, "256",
	  "worker threads per process; half of them may hold long requests" },
	{ "MOA_ISSUER", CONF_STR, offsetof(struct app_conf, issuer), 1, 200, "moa",
	  "iss and aud of access tokens" },
	{ "MOA_CORS_ORIGINS", CONF_STR, offsetof(struct app_conf, cors_origins), 0, 2000, "",
	  "origins whose scripts may call the API, separated by spaces" },
	{ "MOA_LOG_LEVEL", CONF_INT, offsetof(struct app_conf, log_level), LOG_ERROR, LOG_DEBUG, "2",
	  "0 errors, 1 warnings, 2 requests, 3 all" },
	{ 0 }
};

int
app_conf_read(const struct program *program, struct app_conf *ret_conf)
{
	int faults = conf_read(conf_rows, ret_conf);

	if (program->conf)
		faults += conf_read(program->conf, program->conf_values);
	ret_conf->db.program = program->name;
	return faults;
}

int
app_help(const struct program *program)
{
	printf("Usage: %s.fcgi [-n | -r | -s PATH | --help]\n\n"
	       "moa's %s service, a FastCGI program: a web server starts it and passes the socket to listen "
	       "on.\n\n"
	       "  -n       check the configuration and every statement against the database, then exit\n"
	       "  -r       print the routes: method, path, flags\n"
	       "  -s PATH  listen on a unix socket of its own\n\n"
	       "Configuration comes from the environment; for any NAME, NAME_FILE may name a file that holds "
	       "the value:\n\n",
	       program->name, program->name);
	conf_help(conf_rows);
	if (program->conf)
		conf_help(program->conf);
	return 0;
}

int
app_routes(const struct program *program)
{
	static const struct {
		unsigned flag;
		const char *name;
	} flags[] = { { PUBLIC, "PUBLIC" },	    { MERCHANT, "MERCHANT" }, { ADMIN, "ADMIN" },
		      { IDEMPOTENT, "IDEMPOTENT" }, { STREAM, "STREAM" },     { UPLOAD, "UPLOAD" },
		      { UNTIMED, "UNTIMED" },	    { BODY, "BODY" },	      { QUERY, "QUERY" },
		      { ANY_ORIGIN, "ANY_ORIGIN" }, { GUEST, "GUEST" },	      { OVERRIDE, "OVERRIDE" } };
	struct route *routes =
	    health_routes(program->prefix, program->routes, program->needs_redis, program->gauges);
	const struct route *r;
	size_t i;

	for (r = routes; r->path; r++) {
		printf("%s %s", route_method_name(r->method), r->path);
		for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (r->flags & flags[i].flag)
				printf(" %s", flags[i].name);
		putchar('\n');
	}
	health_routes_free(routes);
	return 0;
}
