"""Conversations as people hold them, in both languages, through the web server."""

import pytest

from talk import Talk, ids, prices


@pytest.fixture
def account(api, postgres):
    """account(available_won=…, blocked=False): a customer who can spend just that much."""
    def make(available_won=100000, blocked=False, **fields):
        customer = api.register(**fields)
        postgres.query("UPDATE pay.account SET owed_won = 100000 - %s, standing = %s WHERE customer_id = %s",
                       available_won, "blocked" if blocked else "good", customer.id)
        return customer
    return make


def catalog(postgres, turn):
    """The catalog's rows of the products shown, in their order."""
    columns = ("id", "name_ko", "name_en", "brand", "category", "colour", "price_won", "mall", "url")
    rows = postgres.query(f"SELECT {', '.join(columns)} FROM chatbot.product WHERE id = ANY (%s)", ids(turn))
    found = {row[0]: dict(zip(columns, row)) for row in rows}
    return [found[product_id] for product_id in ids(turn)]


def check_products(postgres, turn, cap_won, language):
    """Three different products, real ones, each affordable and with a reason."""
    assert len(turn["products"]) == 3 and len(set(ids(turn))) == 3
    for rank, (product, row) in enumerate(zip(turn["products"], catalog(postgres, turn)), 1):
        assert product["rank"] == rank and product["affordable"] is True
        assert product["price_won"] == row["price_won"] <= cap_won
        assert product["name"] == row[f"name_{language}"]
        assert (product["mall"], product["url"]) == (row["mall"], row["url"])
        assert len(product["reason"]) > 5


def test_a_conversation_in_korean(api, postgres, account):
    talk = Talk(api, account(), "ko")
    assert talk.opened["state"] == "mood_check" and "기분" in talk.opened["reply"] and talk.opened["choices"]
    turn = talk.say("오늘 좀 피곤해요")
    assert turn["state"] == "hobby_check" and turn["engine"] == "house" and turn["outcome"] is None
    turn = talk.say("요즘 캠핑에 빠졌어요")
    assert turn["state"] == "choose" and "캠핑" in turn["reply"]
    turn = talk.say("3만원 이하로 추천해줘")
    assert turn["state"] == "recommendation" and "30,000원" in turn["reply"]
    check_products(postgres, turn, 30000, "ko")
    assert {row["category"] for row in catalog(postgres, turn)} == {"camping"}
    second = turn["products"][1]
    turn = talk.say("두 번째 걸로 할게요")
    assert (turn["state"], turn["outcome"], turn["products"]) == ("done", "accepted", [])
    assert turn["link"] == second["url"] and second["name"] in turn["reply"]


def test_a_conversation_in_english(api, postgres, account):
    talk = Talk(api, account(), "en")
    assert "feeling" in talk.opened["reply"]
    assert talk.say("Pretty good, thanks!")["state"] == "hobby_check"
    turn = talk.say("I like board games and coffee")
    assert turn["state"] == "choose" and "games" in turn["reply"]
    turn = talk.say("sure, recommend something under 30,000 won")
    assert turn["state"] == "recommendation"
    check_products(postgres, turn, 30000, "en")
    assert {row["category"] for row in catalog(postgres, turn)} <= {"gaming", "coffee"}
    first = turn["products"][0]
    turn = talk.say("I'll take the first one")
    assert (turn["state"], turn["outcome"], turn["link"]) == ("done", "accepted", first["url"])


@pytest.mark.parametrize("budget, cap_won", [
    ("3만원 이하", 30000), ("5만 원 정도", 50000), ("under 30,000 won", 30000), ("30k", 30000), ("삼만원", 30000),
    ("2~4만원", 40000), ("한 5만원대로", 59999), ("50000", 50000),
])
def test_budgets_bind(api, postgres, account, budget, cap_won):
    talk = Talk(api, account())
    shown = set()
    talk.follow("좋아요", "음악", "추천해줘")
    for text in (budget, "다른 거", "더 보여줘", "이 브랜드 말고", "다른 색"):
        turn = talk.say(text)
        check_products(postgres, turn, cap_won, "en" if "won" in budget and text == budget else "ko")
        assert not shown & set(ids(turn))
        shown |= set(ids(turn))


def test_the_limit_binds_whatever_the_budget(api, postgres, account):
    customer = account(available_won=12000)
    talk = Talk(api, customer, "ko")
    turn = talk.say("50만원까지 괜찮으니 헤드폰 추천해줘")
    check_products(postgres, turn, 12000, "ko")
    assert "12,000원" in turn["reply"]
    postgres.query("UPDATE pay.account SET owed_won = 60000 WHERE customer_id = %s", customer.id)
    check_products(postgres, talk.say("더 비싼 거"), 40000, "ko")


def test_nothing_within_the_limit_is_said_honestly(api, account):
    talk = Talk(api, account(available_won=2900), "ko")
    turn = talk.say("헤드폰 추천해줘")
    assert (turn["state"], turn["products"]) == ("choose", []) and "2,900원" in turn["reply"]
    turn = talk.say("아무거나요")
    assert (turn["state"], turn["products"]) == ("choose", [])


def test_what_the_catalog_lacks_is_said_honestly(api, postgres, account):
    talk = Talk(api, account(), "en")
    turn = talk.say("I want to buy an umbrella, 20k max")
    assert "nothing else for umbrella" in turn["reply"]
    check_products(postgres, turn, 20000, "en")


@pytest.mark.parametrize("text, code", [("해드폰 보여줘", "headphones"), ("hedphones please, show me", "headphones"),
                                        ("무선이어폰찾아줘", "headphones"), ("show me dog toys", "pets")])
def test_slips_and_joined_words_are_found(api, postgres, account, text, code):
    turn = Talk(api, account(), "ko").say(text)
    assert code in {row["category"] for row in catalog(postgres, turn)}


def test_refusals_are_answers(api, account):
    talk = Talk(api, account(), "ko")
    turns = [talk.say("말하기 싫어요"), talk.say("없어요"), talk.say("아니요, 됐어요")]
    assert [turn["state"] for turn in turns] == ["hobby_check", "choose", "done"]
    assert turns[-1]["outcome"] == "declined"
    assert not any(turn["products"] for turn in turns)
    assert talk.say("그래도 책 추천해줘")["state"] == "recommendation"


def test_unfit_answers_are_asked_again_once(api, account):
    talk = Talk(api, account(), "en")
    assert [talk.say(text)["state"] for text in ("asdf", "qwerty", "asdf", "hjkl")] == [
        "mood_check", "hobby_check", "hobby_check", "choose"]


def test_questions_keep_the_place(api, account):
    talk = Talk(api, account(), "ko")
    talk.say("그냥 그래요")
    for text, part in (("수수료 얼마야?", "0원"), ("언제까지 갚아야 돼?", "15일"), ("연장할 수 있어?", "말일"),
                       ("내 한도 얼마야?", "100,000원"), ("포인트는 어떻게 쌓여?", "출석")):
        turn = talk.say(text)
        assert turn["state"] == "hobby_check" and part in turn["reply"] and "출처" in turn["reply"]
        assert turn["reply"].endswith("요즘 무엇을 좋아하세요?")
    turn = talk.say("오늘 날씨 어때?")
    assert turn["state"] == "hobby_check" and "지어내지" in turn["reply"]
    assert talk.say("캠핑이요")["state"] == "choose"


def test_the_grades_it_tells_are_the_grade_table(api, postgres, account):
    talk = Talk(api, account(), "en")
    told = {"ko": talk.say("등급별 한도 알려줘")["reply"], "en": talk.say("what are the grades and their limits?")["reply"]}
    for grade, points, limit_won, earn in postgres.query(
            "SELECT grade, from_points, limit_won, earn_per_mille FROM pay.grade"):
        assert grade in told["en"]
        for reply in told.values():
            for figure in (points, f"{limit_won:,}", f"{earn / 10:g}"):
                assert str(figure) in reply, (grade, figure)


def test_cheaper_is_cheaper(api, account):
    talk = Talk(api, account(), "ko")
    before = talk.say("커피 좋아하는데 추천해줘")
    for text in ("더 싼 거", "cheaper please"):
        turn = talk.say(text)
        assert len(turn["products"]) == 3 and max(prices(turn)) < min(prices(before))
        before = turn


def test_dearer_is_dearer(api, account):
    talk = Talk(api, account(), "en")
    before = talk.follow("show me something for camping under 20k", "no budget, any price")
    turn = talk.say("more expensive")
    assert turn["products"] and min(prices(turn)) > max(prices(before))


def test_another_colour_is_another(api, postgres, account):
    talk = Talk(api, account(), "ko")
    before = talk.say("가방 추천해줘")
    turn = talk.say("다른 색")
    assert not {row["colour"] for row in catalog(postgres, before)} & {row["colour"] for row in catalog(postgres, turn)}
    turn = talk.say("in black, please")
    assert "black" in {row["colour"] for row in catalog(postgres, turn)}


def test_not_this_brand_is_none_of_them(api, postgres, account):
    talk = Talk(api, account(), "ko")
    brands = set()
    turn = talk.say("운동 좋아해요 추천해줘")
    for _ in range(3):
        brands |= {row["brand"] for row in catalog(postgres, turn)}
        turn = talk.say("이 브랜드 말고")
        assert not brands & {row["brand"] for row in catalog(postgres, turn)}


def test_interests_turned_down_stay_away(api, postgres, account):
    talk = Talk(api, account(), "ko")
    turn = talk.say("게임 말고 음악으로 추천해줘")
    for _ in range(4):
        assert "gaming" not in {row["category"] for row in catalog(postgres, turn)}
        turn = talk.say("다른 거")


def test_everything_is_shown_once_and_nothing_twice(api, account, postgres):
    talk = Talk(api, account(available_won=9000), "en")
    shown = []
    turn = talk.say("recommend something")
    while turn["products"]:
        shown += ids(turn)
        turn = talk.say("something else")
    affordable = postgres.query("SELECT id FROM chatbot.product WHERE price_won <= 9000 ORDER BY id")
    assert sorted(shown) == [product_id for product_id, in affordable]
    assert turn["products"] == [] and "9,000 won" in turn["reply"]


def test_a_blocked_customer_is_told_kindly(api, postgres, account):
    customer = account(blocked=True)
    talk = Talk(api, customer, "ko")
    turn = talk.say("헤드폰 추천해줘")
    assert (turn["state"], turn["products"]) == ("choose", []) and "정지" in turn["reply"]
    assert "정지" in talk.say("정지는 언제 풀려?")["reply"]
    postgres.query("UPDATE pay.account SET standing = 'good' WHERE customer_id = %s", customer.id)
    assert len(talk.say("헤드폰 추천해줘")["products"]) == 3
    postgres.query("UPDATE pay.account SET standing = 'blocked' WHERE customer_id = %s", customer.id)
    turn = talk.say("이걸로 할게")
    assert turn["outcome"] is None and turn["link"] is None


def test_a_choice_above_the_limit_by_now_is_not_taken(api, postgres, account):
    customer = account()
    talk = Talk(api, customer, "ko")
    talk.say("5만원 이하 캠핑 용품 추천해줘")
    postgres.query("UPDATE pay.account SET owed_won = 99000 WHERE customer_id = %s", customer.id)
    turn = talk.say("첫 번째 걸로 할게")
    assert turn["state"] == "recommendation" and turn["outcome"] is None and "1,000원" in turn["reply"]


def test_the_report_is_a_link(api, account):
    for text in ("내 소비 리포트 볼래요", "show me my spending report"):
        turn = Talk(api, account()).say(text)
        assert (turn["state"], turn["outcome"], turn["link"]) == ("done", "dashboard", "/dashboard")


def test_the_reply_follows_the_language(api, account):
    talk = Talk(api, account(language="en"))
    assert "feeling" in talk.opened["reply"]
    turn = talk.say("오늘은 기분이 좋아요")
    assert "좋" in turn["reply"] and "게임" in turn["choices"]
    turn = talk.say("I love music and films")
    assert "music" in turn["reply"] and talk.now()["language"] == "en"
    assert Talk(api, account(language="ko")).opened["language"] == "ko"


def test_the_profile_lightens_the_question(api, account):
    customer = account()
    reply = api.patch("/auth/me", token=customer, json={"interests": ["캠핑", "커피"]})
    assert reply.status_code == 200, reply.text
    talk = Talk(api, customer, "ko")
    assert "캠핑, 커피" in talk.say("좋아요")["reply"]
    turn = talk.say("네")
    assert turn["state"] == "choose" and "캠핑" in turn["reply"]


def test_the_buttons_lead_to_the_end(api, account):
    """Somebody who only ever presses the first button gets there."""
    for language in ("ko", "en"):
        talk = Talk(api, account(), language)
        choices, states = talk.opened["choices"], []
        while not states or states[-1] != "done":
            turn = talk.say(choices[0])
            choices = turn["choices"]
            states.append(turn["state"])
        assert states == ["hobby_check", "choose", "recommendation", "done"]
        assert turn["outcome"] == "accepted"
