/*
 * The house responder: the assistant that needs no model.  It understands what was typed (understand.c over the
 * tables in words.c, interest.c and fact.c), decides where the conversation goes (machine.c), and finds the words
 * (say.c).  None of it does input or output: the same message in the same place always gets the same answer.
 */
#ifndef HOUSE_H
#define HOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "fields.h"
#include "flow.h"
#include "utterance.h"

struct arena;

/* The steps of a conversation, each named after what the customer is asked, as clients see them. */
enum state { MOOD_CHECK, HOBBY_CHECK, CHOOSE, RECOMMENDATION, RE_RECOMMENDATION, DONE, STATE__MAX };

/* What a message can mean; most mean several things at once. */
enum meaning {
	/* rows of words_meanings */
	M_GREETING,
	M_THANKS,
	M_BYE,
	M_YES,
	M_NO,
	M_DECLINE,   /* thank you, no; not now */
	M_NONE,	     /* there is none: a hobby, for example */
	M_ANY,	     /* whatever; I do not know */
	M_LIKE,	     /* what somebody is into */
	M_RECOMMEND, /* show me, I want to buy */
	M_NEED,	     /* I need, I want: products, if it names any */
	M_HAVE,	     /* do you have …? */
	M_DASHBOARD, /* the spending report */
	M_ACCEPT,    /* I take it */
	M_PRAISE,    /* looks good: is that a choice? */
	M_CHEAPEST,
	M_CHEAPER,
	M_DEARER,
	M_OTHER_COLOUR,
	M_NOT_BRAND, /* not this brand */
	M_OTHER,     /* something else */
	M_MORE,
	M_RESTART,
	M_HELP,
	M_NO_BUDGET, /* any price */
	M_PRICE,     /* what does it cost? */
	M_ACK,	     /* I see */
	M_RUDE,	     /* insults, and that it understands nothing */
	M_FOREIGN,   /* in a third language */
	M_BACK,	     /* what was shown before */
	M_GIFT,
	M_COMPARE, /* what is the difference? */
	M_FOR,	   /* somebody else: who is to have it */
	M_BEST,	   /* which is best? */
	M_KOREAN,  /* speak Korean, please */
	M_ENGLISH,
	M_ASKS, /* a question, by its words or its mark */
	/* other tables */
	M_MOOD,
	M_COLOUR,
	M_INTEREST,
	M_WORDS,    /* words no table has: names of things, perhaps */
	M_QUALITY,  /* what a thing should be like: wireless, waterproof */
	M_UNWANTED, /* a thing, colour or brand turned down by name */
	M_BUDGET,
	M_ORDINAL, /* the first, number two */
	M_FACT,	   /* asks about the service */
	M_NOISE,   /* keys hit at random */
	/* what the machine adds from where the conversation stands */
	M_CARDS,     /* products are on the screen */
	M_PICKED,    /* points at one of them and wants it */
	M_PROFILE,   /* the profile has interests */
	M_AGAIN,     /* the answer before was unfit, too */
	M_OFFERED,   /* a yes would take something up */
	M_POINTS_AT, /* names one of the cards, but does not say to take it */
	M__MAX
};

/* A set of meanings. */
#define MEANS(m) (UINT64_C(1) << (m))

/* Some sets of them that go together. */
#define REFINES                                                                                              \
	(MEANS(M_CHEAPEST) | MEANS(M_CHEAPER) | MEANS(M_DEARER) | MEANS(M_COLOUR) | MEANS(M_OTHER_COLOUR) |  \
	 MEANS(M_NOT_BRAND) | MEANS(M_UNWANTED) | MEANS(M_QUALITY) | MEANS(M_BUDGET) | MEANS(M_NO_BUDGET))
#define REFUSES (MEANS(M_NO) | MEANS(M_DECLINE) | MEANS(M_BYE))
#define NAMES	(MEANS(M_INTEREST) | MEANS(M_WORDS))
#define WISHES	(MEANS(M_RECOMMEND) | MEANS(M_NEED) | MEANS(M_HAVE) | MEANS(M_GIFT))

/* A row of words: what they mean, and how they are written in each language (see utterance_find). */
struct word {
	int means; /* enum meaning; or a number, an index, whatever the table is about */
	const char *ko, *en;
};

extern const struct word words_meanings[]; /* end with a row without words; so do the following */
enum { ORDINAL_LAST = -1, ORDINAL_CHEAPEST = -2 };
extern const struct word words_ordinals[]; /* means 1, 2, 3, or ORDINAL_… */

enum { MOOD_GOOD, MOOD_SO_SO, MOOD_BAD, MOOD_TIRED, MOOD_BORED, MOOD__MAX };
extern const struct word words_moods[]; /* means MOOD_…; the first row that fits counts */
/** words_mood_code(mood): "good", "so_so", … */
const char *words_mood_code(int mood);

struct colour {
	const char *code; /* as the catalog has it */
	const char *name_ko, *name_en;
	const char *ko, *en; /* how it is written */
};
extern const struct colour words_colours[];

/* Something people are into, or look for. */
struct interest {
	const char *code;
	const char *name_ko, *name_en;
	const char *topics; /* list of catalog categories */
	const char *ko, *en;
	bool unnamed; /* these words tell it without naming it: its own name is looked for */
};
extern const struct interest interest_rows[];

/** interest_find(code): The row of that code, or NULL. */
const struct interest *interest_find(const char *code);

/* Something the service is asked about, and what is true of it. */
struct fact {
	const char *ko, *en; /* how it is asked about */
	const char *text_ko, *text_en;
	const char *source_ko, *source_en;
	bool unasked; /* also said when nothing in the message asks */
};
extern const struct fact fact_rows[];

/* Amounts named in a message; 0 when not. */
struct budget {
	int64_t max_won;
	int64_t min_won;
};

/**
 * budget_read(text, ret_budget):
 * Find what ${text} says about prices: "3만원 이하", "30k", "삼만 원", "2~3만원".  False if nothing.
 */
bool budget_read(const char *text, struct budget *ret_budget);

/**
 * budget_amounts(text, ret_won, max):
 * The first ${max} amounts of money in ${text}, in their order; a number of 1,000 or more is one even without a unit.
 * Returns how many.  One beyond all prices may be told too low.
 */
int budget_amounts(const char *text, int64_t *ret_won, int max);

enum { SAID_MAX = 6 };

/* What a message was understood to say. */
struct said {
	uint64_t means;		 /* MEANS(M_…), or-ed */
	const char *language;	 /* "ko" or "en" when it is clearly in that language, else NULL */
	int mood;		 /* with M_MOOD */
	int ordinal;		 /* with M_ORDINAL: 1-3 or ORDINAL_… */
	const char *colour;	 /* with M_COLOUR: its code */
	const char *not_colour;	 /* turned down, or NULL */
	const struct fact *fact; /* with M_FACT */
	const struct interest *interests[SAID_MAX];
	int ninterests;
	struct budget budget; /* with M_BUDGET */
	const char
	    *named[SAID_MAX]; /* things named, as written: words of interests, and words no table has */
	int nnamed;
	const char *unwanted[SAID_MAX]; /* things turned down, as written */
	int nunwanted;
	struct utterance text; /* for what only the cards can tell: a product's name */
};

/** understand_text(a, text, ret_said): Understand ${text}.  Everything in *${ret_said} lives in ${a}. */
void understand_text(struct arena *a, const char *text, struct said *ret_said);

/** understand_name(said, how, word): Note that ${word} was named; ${how} is M_INTEREST, M_WORDS, M_QUALITY or M_UNWANTED. */
void understand_name(struct said *said, enum meaning how, const char *word);

/**
 * names_find(a, u, said):
 * Note in ${said} the words of ${u} that no table has understood and that may name things.
 */
void names_find(struct arena *a, const struct utterance *u, struct said *said);

/* How a product that was found meets the wish, as chatbot.find_products says it. */
enum { FIT_EXACT, FIT_NOT_COLOUR, FIT_NOT_PRICE, FIT_NEARBY, FIT_OTHER };

/* A product of the catalog. */
struct product {
	const char *id;
	const char *name_ko, *name_en;
	const char *brand;
	const char *category, *category_ko, *category_en;
	const char *colour; /* NULL: none worth naming */
	int64_t price_won;
	const char *mall, *url, *image_url;
	const char *reason_ko, *reason_en;
	int fit;      /* from the search: one of FIT_… */
	double score; /* among those of one fit: higher is better */
};

enum { CARDS_MAX = 3 };

/* What the conversation must know of the customer and the screen, read afresh with every turn. */
struct facts {
	int64_t available_won;		 /* could be bought on credit now */
	bool blocked;			 /* nothing can */
	const char *interests;		 /* list: of the profile, as written there */
	struct product cards[CARDS_MAX]; /* on the screen, in order */
	int ncards;
};

/* What to say: rows of say.c. */
enum say {
	SAY_GREETING,
	SAY_HELLO, /* a greeting in return */
	SAY_MOOD_AGAIN,
	SAY_HOBBY,
	SAY_HOBBY_AGAIN,
	SAY_CHOOSE,
	SAY_CHOOSE_AGAIN,
	SAY_PRODUCTS,
	SAY_OTHERS,
	SAY_REACT_AGAIN,
	SAY_WHICH, /* they like what they see, but which? */
	SAY_ACCEPTED,
	SAY_DECLINED,
	SAY_BYE,
	SAY_DASHBOARD,
	SAY_WELCOME,	 /* after thanks */
	SAY_AS_YOU_LIKE, /* after an offer turned down, or an "I see" */
	SAY_LANGUAGE,
	SAY_RESTARTED,
	SAY_REOPENED,
	SAY_FACT,
	SAY_UNKNOWN, /* a question nobody here can answer */
	SAY_HELP,
	SAY_ABOUT,    /* one card */
	SAY_PRICES,   /* of all cards */
	SAY_EARLIER,  /* where what was shown before is */
	SAY_COMPARED, /* all cards, one by one */
	SAY_SORRY,    /* after an insult */
	SAY_FOREIGN,  /* which languages it speaks */
	SAY_BLOCKED,  /* they cannot buy now */
	SAY_NO_LIMIT, /* nothing of their limit is left */
	SAY_TOO_DEAR, /* what they chose is above the limit by now */
	SAY_NOTHING,  /* nothing within the limit */
	SAY_NOTHING_CHEAPER,
	SAY_NOTHING_DEARER,
	SAY__MAX
};

/* One turn decided: where it leads, what to say, and whether products are to be looked for. */
struct step {
	struct flow flow; /* after the turn */
	enum say say;
	bool searches;	    /* look for products by the flow; step_found then settles say and state */
	int compared;	    /* -1 they asked for something cheaper, 1 for something dearer, else 0 */
	bool firm;	    /* this very message set the bounds of price: they are kept */
	bool noted;	    /* a budget was named and is to be confirmed */
	const char *missed; /* list: what was looked for in vain, and is no longer; else NULL */
	bool renamed;	    /* this very message said what to look for */
	bool for_other;	    /* it is for somebody else */
	int64_t
	    kind_from_won; /* from the search: what is wished for costs at least so much, more than may be spent; else 0 */

	bool guessed;		    /* with SAY_ACCEPTED: they did not say which card */
	const struct fact *fact;    /* with SAY_FACT */
	const struct product *card; /* the one meant; never NULL with SAY_ACCEPTED, SAY_ABOUT, SAY_TOO_DEAR */
};

/** machine_begin(customer, language, ret_flow): The flow of a new conversation. */
void machine_begin(const char *customer, const char *language, struct flow *ret_flow);

/** machine_state(name): The state of that name; MOOD_CHECK for anything else. */
enum state machine_state(const char *name);

/** card_at_end(facts, cheapest): The cheapest of the cards, or the dearest; NULL if there are none. */
const struct product *card_at_end(const struct facts *facts, bool cheapest);

/**
 * card_meant(said, facts):
 * The card that ${said} points at: by number, price, colour or name; the first if it says nothing of the kind ("this
 * one").  NULL if it points at none of them.
 */
const struct product *card_meant(const struct said *said, const struct facts *facts);

/**
 * wish_note(a, step, next, said, means, facts):
 * Put what was said into the flow of ${step}, which leads to the state ${next}: mood, hobby, what to look for, price,
 * colour, what is turned down.  ${means} is ${said} with what the place in the conversation adds.
 */
void wish_note(struct arena *a, struct step *step, enum state next, const struct said *said, uint64_t means,
	       const struct facts *facts);

/** machine_step(a, flow, said, facts, ret_step): Where ${said} leads from ${flow}. */
void machine_step(struct arena *a, const struct flow *flow, const struct said *said,
		  const struct facts *facts, struct step *ret_step);

/**
 * machine_found(a, flow, step, found, n):
 * The search that ${step} asked for found the *${n} products at ${found}, best first: note them as shown; or, when
 * there are none, or none that answer what was asked (*${n} becomes 0), stay where the conversation was, at
 * ${flow}, and say so.
 */
void machine_found(struct arena *a, const struct flow *flow, struct step *step, const struct product *found,
		   int *n);

/** machine_cap(flow, facts): The highest price that may be shown: the limit, or the budget if that is lower. */
int64_t machine_cap(const struct flow *flow, const struct facts *facts);

/**
 * pick_products(found, n, ret_picked):
 * Choose at most CARDS_MAX of the ${n} products at ${found}, best fit first, and among equals not all of one brand or
 * kind.  Returns how many.
 */
int pick_products(const struct product *found, int n, struct product ret_picked[CARDS_MAX]);

/**
 * pick_reason(a, p, flow):
 * Why ${p}, in the language of ${flow}: from its own data, the colour and the budget asked for.
 */
const char *pick_reason(struct arena *a, const struct product *p, const struct flow *flow);

/**
 * say_reply(a, step, facts, found, n):
 * The words of the turn, in the language of its flow.  ${found} are the ${n} products shown with it; 0 if it shows
 * none.
 */
const char *say_reply(struct arena *a, const struct step *step, const struct facts *facts,
		      const struct product *found, int n);

/** choices_after(say, flow): The answers offered as buttons after ${say}, at most 6, NULL-terminated, static. */
const char *const *choices_after(enum say say, const struct flow *flow);

/** say_link(step): Where the turn sends the customer, a URL or a path; NULL if nowhere. */
const char *say_link(const struct step *step);

/** say_won(a, won, language): "30,000원", "30,000 won". */
const char *say_won(struct arena *a, int64_t won, const char *language);

#endif
