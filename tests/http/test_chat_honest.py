"""When nothing of what is wished for is within the limit: it is said so, and what is shown instead is named for what it is."""

import pytest

from talk import Talk, ids, prices


@pytest.fixture
def account(api, postgres):
    def make(available_won=100000):
        customer = api.register()
        postgres.query("UPDATE pay.account SET owed_won = 100000 - %s WHERE customer_id = %s", available_won, customer.id)
        return customer
    return make


def categories(postgres, turn, language):
    return {name for name, in postgres.query(
        f"SELECT DISTINCT category_{language} FROM chatbot.product WHERE id = ANY (%s)", ids(turn))}


@pytest.mark.parametrize("language, talk_of, text, wish, dearer, cap", [
    ("ko", "그림이랑 공예 좋아해요", "재봉틀 추천해줘, 2만원 이하로", "재봉틀", "189,000원부터", "20,000원"),
    ("en", "I like drawing and crafts", "a sewing machine under 20,000 won please", "sewing", "189,000 won or more", "20,000 won"),
])
def test_a_kind_that_costs_more_is_told_with_its_price(api, postgres, account, language, talk_of, text, wish, dearer, cap):
    talk = Talk(api, account(), language)
    turn = talk.follow("좋아요" if language == "ko" else "good", talk_of, text)
    assert turn["state"] == "recommendation" and len(turn["products"]) == 3 and max(prices(turn)) <= 20_000
    for part in (wish, dearer, cap):
        assert part in turn["reply"], turn["reply"]
    # What is near is named: here the category of what they like.
    assert [name for name in categories(postgres, turn, language) if name in turn["reply"]], turn["reply"]


@pytest.mark.parametrize("language, text, told", [
    ("ko", "재봉틀 추천해줘", ("2,900원", "189,000원부터")), ("en", "show me a sewing machine", ("2,900 won", "189,000 won or more"))])
def test_nothing_at_all_within_the_limit(api, account, language, text, told):
    turn = Talk(api, account(available_won=2900), language).say(text)
    assert turn["products"] == [] and all(part in turn["reply"] for part in told), turn["reply"]


@pytest.mark.parametrize("language, text, unknown", [
    ("ko", "냉장고 추천해줘, 2만원 이하로", "냉장고"), ("en", "I want to buy a refrigerator, 20k max", "refrigerator")])
def test_a_kind_the_catalog_lacks_has_no_price(api, account, language, text, unknown):
    turn = Talk(api, account(), language).say(text)
    assert unknown in turn["reply"] and "부터라" not in turn["reply"] and "or more" not in turn["reply"]
    assert max(prices(turn)) <= 20_000


def test_a_kind_that_was_shown_to_its_end_is_not_called_dearer(api, postgres, account):
    """There are affordable ones, which were shown: nothing is said of what the others cost."""
    talk = Talk(api, account(), "ko")
    turn = talk.say("만년필 추천해줘, 5만원 이하로")
    for _ in range(12):
        if "더 찾지 못해서" in turn["reply"]:
            break
        turn = talk.say("다른 거 보여줘")
        assert "부터라" not in turn["reply"]
    else:
        pytest.fail("there was always more")


def test_every_product_has_its_own_reason(api, account):
    turn = Talk(api, account(), "ko").say("캠핑 용품 추천해줘, 3만원 이하로")
    reasons = [product["reason"] for product in turn["products"]]
    assert len(set(reasons)) == 3 and any("예산" in reason for reason in reasons)
