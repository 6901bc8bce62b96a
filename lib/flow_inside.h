/*
 * What the files of the chat-flow store share: pieces of Lua, the form of events on their way to Redis, and replies.
 *
 * The list of events begins with a line that says whose turn they are of: customer, tag and the turn's name, with line
 * feeds between.  So the place of an event in the list is its number, and a list that does not fit the ticket, or has
 * lost a part, is known for what it is.  An event is its name, a line feed and its data.
 */
#ifndef FLOW_INSIDE_H
#define FLOW_INSIDE_H

#include <stdbool.h>

#include "flow.h"

struct redisReply;

/* header(key): Customer, tag and turn that the list at key is of; nothing if there is none. */
#define FLOW_LUA_HEADER                                                                                      \
	"local function header(key)\n"                                                                       \
	"  return string.match(redis.call('LINDEX', key, 0) or '', '^(.-)\\n(.-)\\n(.*)$')\n"                \
	"end\n"

/*
 * add(key, ticket, before, events, ttl): Add the JSON array of events, of which the first follows number before, leaving out what
 * is there already.  A list that lacks some of those before has a hole: it is of no use to anybody.
 */
#define FLOW_LUA_ADD                                                                                         \
	FLOW_LUA_HEADER                                                                                      \
	"local function add(key, ticket, before, events, ttl)\n"                                             \
	"  local customer, tag = header(key)\n"                                                              \
	"  if not tag or string.sub(ticket, 1, #tag) ~= tag then return end\n"                               \
	"  local there = redis.call('LLEN', key) - 1\n"                                                      \
	"  if there < tonumber(before) then redis.call('DEL', key) return end\n"                             \
	"  for i, event in ipairs(cjson.decode(events)) do\n"                                                \
	"    if before + i > there then redis.call('RPUSH', key, event) end\n"                               \
	"  end\n"                                                                                            \
	"  redis.call('EXPIRE', key, ttl)\n"                                                                 \
	"end\n"

/** flow_events_json(a, events, n): The ${n} events as the array of strings that add() takes. */
const char *flow_events_json(struct arena *a, const struct flow_event *events, int n);

/** flow_says(reply, word): Does a script's reply, or its first word, say ${word}? */
bool flow_says(const struct redisReply *reply, const char *word);

#endif
