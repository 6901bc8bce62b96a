"""Conversations with a model: what it adds to them, and what stays the house's."""

import json
import re

import pytest

from events import assert_whole, stream, words
from model import Model, told
from talk import Talk, ids, prices

NOTHING = {"fits": True, "mood": None, "interests": [], "budget_won": None, "colour": None, "wants": "none", "unwanted": [], "picks": []}
GREETED = "많이 지치셨군요. 푹 쉬셨으면 좋겠어요. 요즘은 무엇에 마음이 가세요?"
CHOSEN = "말씀에 어울리는 것으로 골랐어요. 눈에 들어오는 게 있으세요?"


@pytest.fixture(scope="module")
def system(make_shared_system):
    fake = Model().start()
    made = make_shared_system({"MOA_LLM_URL": fake.url}, start=False)
    made.twins = 1  # one of every counter
    for part in (made.postgres, made.redis, made):
        part.start()
    made.model = fake
    yield made
    fake.stop()


@pytest.fixture
def model(system):
    system.model.reset()
    return system.model


@pytest.fixture
def talk(system, model):
    return Talk(system.api, system.api.register(), "ko")


def answering(model, **answer):
    model.answer({**NOTHING, **answer})


def metric(system, name):
    found = re.search(rf"^{re.escape(name)} (\d+)$", system.api.get("/chat/metrics").text, re.M)
    return int(found[1])


def voided(system):
    return metric(system, 'moa_chat_fallbacks_total{program="chatbot",reason="voided"}')


def test_it_words_what_the_house_decides(talk, model):
    answering(model, reply=GREETED)
    events = stream(talk, "피곤해요").rest()
    turn = assert_whole(events)
    assert (turn["engine"], turn["state"], turn["reply"]) == ("llm", "hobby_check", GREETED)
    assert words(events) == GREETED and turn["choices"]
    assert talk.messages()[-1]["text"] == GREETED and talk.messages()[-1]["engine"] == "llm"


@pytest.mark.parametrize("before, text, answer, state", [
    ((), "흐물흐물하네", {"mood": "tired", "reply": GREETED}, "hobby_check"),
    ((), "zz", {"mood": "tired", "reply": "I hear you. What do you enjoy these days?"}, "hobby_check"),
    (("좋아요",), "흐물흐물하네", {"interests": ["art"], "reply": "멋진 취향이네요! 골라 드릴까요, 아니면 소비 리포트를 볼까요?"}, "choose"),
    (("좋아요", "캠핑"), "흐물흐물하네", {"wants": "recommend", "reply": CHOSEN}, "recommendation"),
    (("좋아요", "캠핑", "추천해 주세요"), "흐물흐물하네", {"wants": "other", "reply": "다른 것으로 다시 골라 봤어요. 이번엔 어떠세요?"},
     "re_recommendation"),
], ids=["mood", "mood-en", "interest", "wish", "reaction"])
def test_it_understands_what_the_house_does_not(talk, model, before, text, answer, state):
    talk = Talk(talk.api, talk.customer, "en" if text.isascii() else "ko")
    for said in before:
        talk.say(said)
    stays = talk.now()["state"]
    answering(model, fits=False, reply="음, 다시 한번 말씀해 주시겠어요?")
    assert talk.say(text)["state"] == stays != state
    talk = Talk(talk.api, talk.customer, "en" if text.isascii() else "ko")
    model.answer(None)
    for said in before:
        talk.say(said)
    answering(model, **answer)
    turn = talk.say(text)
    assert (turn["state"], turn["engine"], turn["reply"]) == (state, "llm", answer["reply"])
    assert len(turn["products"]) == (3 if "recommendation" in state else 0)


def test_an_unfit_answer_is_asked_for_again(talk, model):
    answering(model, fits=False, reply="잘 못 알아들었어요. 오늘 마음이 어떤지 한마디로 들려주시겠어요?")
    turn = talk.say("흐물흐물하네")
    assert (turn["state"], turn["engine"]) == ("mood_check", "llm") and "한마디" in turn["reply"]


def test_words_for_another_answer_are_not_shown(system, talk, model):
    """It says that the message fits, but what it tells of it leads nowhere: its reply would be about something else."""
    beside = metric(system, 'moa_chat_fallbacks_total{program="chatbot",reason="beside"}')
    answering(model, reply=GREETED)
    events = stream(talk, "흐물흐물하네").rest()
    turn = assert_whole(events)
    assert (turn["state"], turn["engine"]) == ("mood_check", "house")
    assert GREETED[:5] not in "".join(event.data.get("text", "") for event in events)
    assert metric(system, 'moa_chat_fallbacks_total{program="chatbot",reason="beside"}') == beside + 1


def test_a_mood_it_finds_is_kept(talk, model):
    answering(model, mood="tired", reply=GREETED)
    talk.say("흐물흐물하네")
    model.answer(None)
    talk.say("캠핑")
    assert told(model.requests[-1])["mood_so_far"] == "tired"


def test_it_picks_among_what_was_found(system, talk, model):
    talk.follow("좋아요", "캠핑")
    dropped = metric(system, 'moa_chat_dropped_products_total{program="chatbot"}')
    answering(model, picks=["p5", "p99", "p2"], reply=CHOSEN)
    turn = talk.say("추천해 주세요")
    assert turn["engine"] == "llm" and len(set(ids(turn))) == 3
    names = {product["id"]: product["name"] for product in told(model.requests[-1])["products"]}
    assert [product["name"] for product in turn["products"]][:2] == [names["p5"], names["p2"]]
    assert metric(system, 'moa_chat_dropped_products_total{program="chatbot"}') == dropped + 1
    assert system.postgres.query("SELECT count(*) FROM chatbot.product WHERE id = ANY (%s)", ids(turn)) == [(3,)]
    model.answer(None)
    assert not set(ids(talk.say("다른 거 보여 주세요"))) & set(ids(turn))


@pytest.mark.parametrize("text, bounds", [("배춧잎 두 장어치예요", True), ("배춧잎 다섯 장어치예요", False), ("배춧잎 몇 닢어치예요", False)],
                         ids=["named", "another", "none"])
def test_an_amount_in_words_only_it_knows(talk, model, text, bounds):
    """It may read a number that the house cannot; but it must be in the message."""
    talk.say("좋아요")
    answering(model, budget_won=20000, reply="그렇군요! 어울리는 걸 골라 드릴까요, 아니면 소비 리포트를 볼까요?")
    talk.say(text)
    model.answer(None)
    assert (max(prices(talk.say("음악 쪽으로 추천해 주세요"))) <= 20000) == bounds


@pytest.mark.parametrize("before, text, state", [
    ((), "연체하면 수수료가 얼마예요?", "mood_check"),
    (("좋아요", "캠핑", "추천해 주세요"), "첫 번째 걸로 할게요", "done"),
    (("좋아요", "캠핑"), "소비 리포트 볼래요", "done"),
    (("좋아요", "캠핑", "추천해 주세요"), "얼마예요?", "recommendation"),
], ids=["fact", "accepted", "dashboard", "prices"])
def test_some_words_are_always_the_houses(talk, model, before, text, state):
    for said in before:
        talk.say(said)
    asked = len(model.requests)
    turn = talk.say(text)
    assert (turn["engine"], turn["state"]) == ("house", state) and len(model.requests) == asked


def test_what_it_says_wrong_is_taken_back(system, talk, model):
    """The house speaks for it, the stream says so, and the next turn is the model's again."""
    before = voided(system)
    model.pace = 0.005
    answering(model, reply="많이 지치셨군요. 오늘은 19,900원에 드려요. 요즘은 무엇에 마음이 가세요?")
    events = stream(talk, "피곤해요").rest()
    turn = assert_whole(events)
    assert (turn["engine"], turn["state"]) == ("house", "hobby_check") and "19,900" not in turn["reply"]
    assert [event.data["engine"] for event in events if event.name == "state"] == ["llm", "house"]
    assert "19,900" not in "".join(event.data.get("text", "") for event in events)
    assert voided(system) == before + 1
    model.answer(None)
    assert talk.say("캠핑")["engine"] == "llm"


@pytest.mark.parametrize("answer", [
    "안녕하세요!", '{"fits": true}', '{"reply": "네"}', '{"fits": true, "reply": "네", "state": "done"}',
    json.dumps({**NOTHING, "wants": "accept", "reply": "네"}), json.dumps({**NOTHING, "reply": 5}), "[]",
], ids=["text", "no-reply", "no-fits", "more", "value", "type", "list"])
def test_what_is_no_answer(talk, model, answer):
    model.answer(answer)
    turn = talk.say("피곤해요")
    assert (turn["engine"], turn["state"]) == ("house", "hobby_check")
    model.answer(None)
    assert talk.say("캠핑")["engine"] == "llm"


@pytest.mark.parametrize("wrap", ["```json\n{}\n```", "\n\n {} \n"], ids=["fence", "blanks"])
def test_what_stands_around_an_answer(talk, model, wrap):
    model.answer(wrap.replace("{}", json.dumps({**NOTHING, "reply": GREETED})))
    assert talk.say("피곤해요")["reply"] == GREETED


def test_nothing_tells_who_the_customer_is(system, talk, model):
    customer = talk.customer
    system.postgres.query("UPDATE pay.account SET owed_won = 100000 - 87310 WHERE customer_id = %s", customer.id)
    talk.follow("피곤해요. 제 메일은 kim@a.example.com, 전화는 010-1234-5678이에요", "캠핑", "추천해 주세요", "흐물흐물하네")
    sent = json.dumps(model.requests, ensure_ascii=False)
    assert len(model.requests) >= 3 and "캠핑" in sent
    for secret in (customer.id, customer.email, "김모아", talk.id, "87310", "87,310", "kim@a", "1234", "1995"):
        assert secret not in sent, secret


def test_it_is_told_what_was_said(talk, model):
    answering(model, reply=GREETED)
    talk.follow("피곤해요")
    model.answer(None)
    talk.say("캠핑")
    earlier = told(model.requests[-1])["earlier"]
    assert [(turn["from"], turn["text"]) for turn in earlier[-2:]] == [("customer", "피곤해요"), ("assistant", GREETED)]


def test_english(system, model):
    talk = Talk(system.api, system.api.register(), "en")
    assert talk.say("I am so tired")["engine"] == "llm"
    turn = talk.say("camping")
    assert turn["engine"] == "llm" and "report" in turn["reply"]
    assert "reply in English" in model.requests[-1]["messages"][0]["content"]
