/* What a turn does next: one decision, from what Redis and PostgreSQL say. */
#include "ticket.h"

/*
 * A turn of the same message that PostgreSQL does not have is not over: it runs, or its lease ends.  A turn of another
 * message that began with an older version than PostgreSQL has is over, or has not yet seen that Redis is behind: then it
 * finds its ticket lost before it has answered anything.  Where Redis does not know the version, nobody can tell.
 */
enum ticket_step
ticket_next(const struct ticket_sight *sight)
{
	if (sight->asked)
		return TICKET_REPLAY;
	if (!sight->held) {
		if (sight->same)
			return TICKET_JOIN;
		return sight->redis >= 0 && sight->redis < sight->stored ? TICKET_SEIZE : TICKET_REFUSE;
	}
	if (sight->full)
		return TICKET_OVER;
	return sight->redis == sight->stored ? TICKET_RUN : TICKET_REBUILD;
}
