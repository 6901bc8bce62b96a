/* The pay program: its statements, what several handlers use, and the handlers. */
#ifndef PAY_H
#define PAY_H

#include "app.h"
#include "attr.h"
#include "db.h"
#include "err.h"
#include "route.h"

struct req;
struct resp;

/* What this program may run on PostgreSQL; the texts are in pay_sql.c. */
enum { PAY_GRADES, PAY__MAX };
extern const struct stmt pay_stmts[PAY__MAX];

enum err grade_list(const struct req *rq, struct resp *rs);

#endif
