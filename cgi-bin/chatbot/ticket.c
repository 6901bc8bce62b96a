/* What a turn does next: one decision, from what Redis and PostgreSQL say. */
#include "ticket.h"

/*
 * A ticket whose turn began with an older version than PostgreSQL has belongs to a turn that is over, or to one that has
 * not yet seen that Redis is behind: that one finds its ticket lost before it has answered anything.  Where Redis does not
 * know the version, nobody can tell.
 */
enum ticket_step
ticket_next(const struct ticket_sight *sight)
{
	if (sight->asked)
		return TICKET_REPLAY;
	if (!sight->held) {
		if (sight->redis >= 0 && sight->redis < sight->stored)
			return TICKET_SEIZE;
		return sight->same ? TICKET_JOIN : TICKET_REFUSE;
	}
	if (sight->full)
		return TICKET_OVER;
	return sight->redis == sight->stored ? TICKET_RUN : TICKET_REBUILD;
}
