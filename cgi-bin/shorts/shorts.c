/* The configuration of the shorts program. */
#include <stddef.h>

#include "shorts.h"

struct shorts_conf shorts_conf;

const struct conf_row shorts_conf_rows[] = {
	{ "MOA_SHORTS_DIR", CONF_STR, offsetof(struct shorts_conf, dir), 1, 200, "/var/lib/moa/shorts",
	  "where uploads and videos are kept, the same for all nodes and for the worker" },
	{ "MOA_SHORTS_RESERVE_MIB", CONF_INT, offsetof(struct shorts_conf, reserve_mib), 0, 1 << 30, "1024",
	  "MiB to leave free there: uploads that would not fit besides are refused" },
	{ 0 },
};
