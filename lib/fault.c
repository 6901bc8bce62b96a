/* The messages about input fields, in one table; what is wrong is found out in fields.c. */
#include <inttypes.h>
#include <string.h>

#include "arena.h"
#include "fault.h"
#include "fields.h"
#include "req.h"
#include "resp.h"

/* %s is the bound, the kind of value, or the choices. */
static const struct {
	const char *code, *en, *ko;
} rows[] = {
	[FAULT_REQUIRED] = { "required", "This field is required.", "꼭 필요한 항목이에요." },
	[FAULT_UNKNOWN_FIELD] = { "unknown_field", "There is no field of this name here.",
				  "여기에는 없는 항목이에요." },
	[FAULT_REPEATED_FIELD] = { "repeated_field", "Give this field once only.", "한 번만 보내 주세요." },
	[FAULT_WRONG_TYPE] = { "wrong_type", "Must be %s.", "값의 종류가 달라요. 필요한 값: %s" },
	[FAULT_BAD_FORMAT] = { "bad_format", "Must be %s.", "형식이 맞지 않아요. 필요한 값: %s" },
	[FAULT_NOT_A_CHOICE] = { "not_a_choice", "Must be one of: %s.", "다음 중 하나여야 해요: %s" },
	[FAULT_CONTROL_CHARACTERS] = { "control_characters", "Must not contain control characters.",
				       "제어 문자는 쓸 수 없어요." },
	[FAULT_BLANK] = { "blank", "Must have at least one character that can be seen.",
			  "눈에 보이는 글자가 하나는 있어야 해요." },
	[FAULT_TOO_SHORT] = { "too_short", "Length in characters must be at least %s.",
			      "%s자 이상이어야 해요." },
	[FAULT_TOO_LONG] = { "too_long", "Length in characters must be at most %s.", "%s자 이하여야 해요." },
	[FAULT_TOO_SMALL] = { "too_small", "Must be at least %s.", "%s 이상이어야 해요." },
	[FAULT_TOO_LARGE] = { "too_large", "Must be at most %s.", "%s 이하여야 해요." },
	[FAULT_TOO_FEW] = { "too_short", "Number of entries must be at least %s.", "%s개 이상이어야 해요." },
	[FAULT_TOO_MANY] = { "too_long", "Number of entries must be at most %s.", "%s개 이하여야 해요." },
	[FAULT_NOT_AN_OBJECT] = { "wrong_type", "The body must be a JSON object.",
				  "본문은 JSON 객체여야 해요." },
};

static const struct {
	const char *en, *ko;
} kinds[] = {
	[F_LINE] = { "text", "문자열" },
	[F_TEXT] = { "text", "문자열" },
	[F_SECRET] = { "text", "문자열" },
	[F_EMAIL] = { "an e-mail address", "이메일 주소" },
	[F_DATE] = { "a calendar day, YYYY-MM-DD", "날짜(YYYY-MM-DD)" },
	[F_UUID] = { "a UUID", "UUID" },
	[F_CHOICE] = { "text", "문자열" },
	[F_I64] = { "a whole number", "정수" },
	[F_BOOL] = { "true or false", "true 또는 false" },
	[F_LINES] = { "a list of text", "문자열 목록" },
	[F_NOTES] = { "an object of text, whole numbers, true and false",
		      "문자열, 정수, true, false로 된 객체" },
};

/* "ko|en" as people write it: "ko, en". */
static const char *
choices_shown(struct arena *a, const char *choices)
{
	char *shown = arena_alloc(a, 2 * strlen(choices) + 1), *out = shown;

	for (; *choices; choices++) {
		*out++ = *choices == '|' ? ',' : *choices;
		if (*choices == '|')
			*out++ = ' ';
	}
	return shown;
}

/* What stands for %s in the message. */
static const char *
fault_argument(const struct req *rq, const struct field *field, enum fault fault)
{
	switch (fault) {
	case FAULT_WRONG_TYPE:
	case FAULT_BAD_FORMAT:
		return rq->korean ? kinds[field->type].ko : kinds[field->type].en;
	case FAULT_NOT_A_CHOICE:
		return choices_shown(rq->arena, field->choices);
	case FAULT_TOO_SHORT:
	case FAULT_TOO_SMALL:
	case FAULT_TOO_FEW:
		return arena_printf(rq->arena, "%" PRId64, field->min);
	default:
		return arena_printf(rq->arena, "%" PRId64, field->max);
	}
}

void
fault_note(const struct req *rq, struct resp *rs, const char *name, const struct field *field,
	   enum fault fault)
{
	const char *text = rq->korean ? rows[fault].ko : rows[fault].en;

	if (strstr(text, "%s"))
		resp_fault(rs, name, rows[fault].code, text, fault_argument(rq, field, fault));
	else
		resp_fault(rs, name, rows[fault].code, "%s", text);
}
