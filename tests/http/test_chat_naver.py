"""Products from Naver's search, through the web server: what is asked, what is shown, and what happens when it fails."""

import re
import sys
import time
from datetime import datetime, timedelta, timezone

import pytest

from client import Api
from moa import TREE, Lighttpd
from servers import until
from talk import Talk, ids, prices

sys.path.insert(0, str(TREE / "tests/fakes"))
from naver import FAULTS, ID, SECRET, Naver, good  # noqa: E402

EARPHONES = [good(100 + n, f"소리결 무선 이어폰 {n + 1}호 &amp; 케이스", 12000 + 1500 * n, brand=f"상표{n % 4}", maker="만든이",
                  category1="디지털/가전", category3="이어폰", category4="블루투스이어폰", productType=str(1 + n % 3))
             for n in range(12)]


def settings(naver):
    return {"MOA_NAVER_URL": naver.url, "MOA_NAVER_CLIENT_ID": ID, "MOA_NAVER_CLIENT_SECRET": SECRET}


@pytest.fixture(scope="module")
def service():
    naver = Naver().start()
    yield naver
    naver.stop()


@pytest.fixture(scope="module")
def shop(place, postgres, redis_server, secret, service):
    """A system that knows the service; one process of each program, so that there is one of every counter."""
    httpd = Lighttpd(place / "shop", postgres, redis_server, secret, settings(service))
    httpd.twins = 1
    yield Api(httpd.start())
    httpd.stop()


def forget(server):
    """Nothing was ever asked."""
    redis = server.client()
    for key in redis.keys("naver:*"):
        redis.delete(key)
    return redis


@pytest.fixture
def naver(service, redis_server):
    """The service as it is on a good day; nothing was asked yet."""
    service.goods, service.fault, service.keys, service.latency = list(EARPHONES), None, (ID, SECRET), 0.0
    service.calls.clear()
    forget(redis_server)
    return service


def begin(api, language="ko", available_won=100000):
    customer = api.register()
    api.system.postgres.query("UPDATE pay.account SET owed_won = 100000 - %s WHERE customer_id = %s",
                              available_won, customer.id)
    return Talk(api, customer, language)


def counter(api, name, labels=""):
    found = re.search(rf'^moa_{name}_total{{program="chatbot"{labels}}} (\d+)$', api.get("/chat/metrics").text, re.M)
    return int(found[1])


def failures(api):
    return counter(api, "naver_calls", ',result="failed"')


def from_naver(turn):
    return [product_id.startswith("naver:") for product_id in ids(turn)]


def test_products_come_from_naver(shop, naver):
    turn = begin(shop).say("무선 이어폰 추천해줘, 2만원 이하로")
    assert from_naver(turn) == [True] * 3 and max(prices(turn)) <= 20000
    assert naver.calls == [{"query": "무선 이어폰", "display": "100", "start": "1", "sort": "sim",
                            "exclude": "used:rental:cbshop"}]
    for product in turn["products"]:
        assert re.fullmatch(r"소리결 무선 이어폰 \d+호 & 케이스", product["name"])
        assert product["url"].startswith("https://") and product["image_url"].startswith("https://")
        assert product["category"] == "블루투스이어폰" and product["mall"] == "도토리몰"
        assert "상표" in product["reason"] and "블루투스이어폰" in product["reason"]
        assert product["affordable"] is True
    assert "무선" in turn["reply"] and "이어폰" in turn["reply"] and "20,000원" in turn["reply"]


def test_nothing_dearer_than_the_limit(shop, naver):
    talk = begin(shop, available_won=14000)
    turn = talk.say("50만원까지 괜찮으니 무선 이어폰 추천해줘")
    assert turn["products"] and max(prices(turn)) <= 14000
    assert len(naver.calls) >= 1


def test_an_answer_is_kept_for_ten_minutes(shop, naver, redis_server):
    hits = counter(shop, "naver_cache_hits")
    first = begin(shop).say("무선 이어폰 추천해줘")
    second = begin(shop, "en").say("무선   이어폰!! 보여줘")
    assert from_naver(first) == from_naver(second) == [True] * 3
    assert naver.queries == ["무선 이어폰"] and counter(shop, "naver_cache_hits") == hits + 1
    redis = redis_server.client()
    key, = redis.keys("naver:answer:*")
    assert 0 < redis.ttl(key) <= 600 and redis.strlen(key) <= 48 << 10


def test_what_was_shown_never_comes_again(shop, naver):
    talk, shown = begin(shop), []
    turn = talk.say("무선 이어폰 추천해줘")
    for _ in range(5):
        assert len(turn["products"]) == 3 and not set(ids(turn)) & set(shown)
        shown += ids(turn)
        turn = talk.say("더 보여줘")
    assert {product_id for product_id in shown if product_id.startswith("naver:")} == {
        f"naver:{item['productId']}" for item in naver.goods}
    assert len(naver.calls) <= 3  # and one question is asked once


def test_offers_not_fit_to_be_shown_are_not(shop, naver):
    naver.goods = [
        good(1, "이어폰 하나", 10000), good(2, "이어폰 중고", 9000, productType="4"),
        good(3, "이어폰 단종", 9000, productType="7"), good(4, "이어폰 공짜", 0),
        good(5, "이어폰 평문", 9000, link="http://shop.example/5"),
        good(6, "이어폰 그림", 9000, image="http://img.example/6.jpg"),
        good(7, "이어폰 스크립트", 9000, link="javascript:alert(1)"), good(8, "이어폰 소수", "9000.5"),
        good(9, "이어폰 &lt;script&gt;alert(1)&lt;/script&gt;\u202e", 11000), good(1, "이어폰 하나", 10000),
    ]
    turn = begin(shop).say("이어폰 추천해줘")
    assert sorted(ids(turn)) == ["naver:1", "naver:9"]
    names = {product["product_id"]: product["name"] for product in turn["products"]}
    assert names["naver:9"] == "이어폰 <script>alert(1)</script>"


@pytest.mark.parametrize("fault", ["500", "429", "html", "garbage", "twice", "flood", "redirect", "hang", "cut", "drip"])
def test_when_it_fails_there_is_the_catalog(shop, naver, fault):
    naver.fault = fault
    failed = failures(shop)
    began = time.monotonic()
    turn = begin(shop).say("이어폰 추천해줘, 3만원 이하")
    assert time.monotonic() - began < 2.4
    assert from_naver(turn) == [False] * 3 and max(prices(turn)) <= 30000
    assert len(naver.calls) == 1 and failures(shop) == failed + 1
    # What failed is not kept: the same question is asked again.
    naver.fault = None
    assert from_naver(begin(shop).say("이어폰 추천해줘, 3만원 이하")) == [True] * 3
    assert len(naver.calls) == 2


def test_wrong_keys_are_logged_without_the_secret(shop, naver):
    naver.keys = ("another", "pair")
    turn = begin(shop).say("이어폰 추천해줘")
    assert from_naver(turn) == [False] * 3
    line = until(lambda: [line for line in shop.system.log() if line.get("event") == "naver"], "the log line")[-1]
    assert (line["status"], line["code"]) == ("401", "024")
    assert SECRET not in shop.system.programs_log.read_text()
    naver.keys = (ID, SECRET)
    assert from_naver(begin(shop).say("이어폰 추천해줘")) == [True] * 3


def test_nothing_within_the_budget_is_asked_for_more_widely(shop, naver):
    """The budget stays: the wider question finds something of the kind, and the reply says that it is not the very thing."""
    naver.goods = [good(1, "노이즈캔슬링 무선 이어폰", 90000), *(good(10 + n, f"유선 이어폰 {n}", 5000 + n) for n in range(4))]
    turn = begin(shop).say("노이즈캔슬링 이어폰 1만원 이하로 추천해줘")
    assert naver.queries == ["노이즈캔슬링 이어폰", "이어폰"]
    assert from_naver(turn) == [True] * 3 and max(prices(turn)) <= 10000
    assert "노이즈캔슬링" in turn["reply"] and "비슷한 쪽" in turn["reply"] and "10,000원" in turn["reply"]


def test_too_late_for_a_wider_question(shop, naver):
    """What is left of the time would not do for an answer."""
    naver.latency = 1.0
    naver.goods = [good(1, "노이즈캔슬링 무선 이어폰", 90000)]
    assert not any(from_naver(begin(shop).say("노이즈캔슬링 이어폰 1만원 이하로 추천해줘")))
    assert naver.queries == ["노이즈캔슬링 이어폰"]


def test_nothing_at_all_within_the_budget_leaves_the_catalog(shop, naver):
    naver.goods = [good(1, "우산", 90000)]
    turn = begin(shop, "en").say("I want to buy an umbrella, 20k max")
    assert not any(from_naver(turn)) and max(prices(turn)) <= 20000 and "umbrella" in turn["reply"]


def test_colours_are_looked_for_in_titles(shop, naver):
    naver.goods = [good(1, "이어폰 블랙", 10000), good(2, "빨강 이어폰", 11000), good(3, "이어폰 레드색", 12000),
                   good(4, "이어폰", 9000)]
    talk = begin(shop)
    turn = talk.say("빨간 이어폰 추천해줘")
    assert set(naver.queries) == {"빨강 이어폰", "이어폰"}
    assert ids(turn)[0] == "naver:2" and "naver:3" in ids(turn) and "2개뿐" in turn["reply"]


def test_unwanted_brands_stay_away(shop, naver):
    talk = begin(shop)
    turn = talk.say("무선 이어폰 추천해줘")
    brands = {item["brand"] for item in naver.goods if f"naver:{item['productId']}" in ids(turn)}
    turn = talk.say("이 브랜드 말고")
    assert turn["products"]
    for item in naver.goods:
        assert item["brand"] not in brands or f"naver:{item['productId']}" not in ids(turn)


def test_cards_stay_known(shop, naver, redis_server):
    """What is on the screen is asked about, compared and taken, also after Redis has forgotten everything."""
    talk = begin(shop)
    shown = talk.say("무선 이어폰 추천해줘, 3만원 이하")["products"]
    turn = talk.say("두 번째 거 얼마예요?")
    assert shown[1]["name"] in turn["reply"] and "도토리몰" in turn["reply"]
    redis_server.client().flushall()
    turn = talk.say("더 저렴한 거")
    assert turn["products"] and max(prices(turn)) < min(product["price_won"] for product in shown)
    cheapest = min(turn["products"], key=lambda product: product["price_won"])
    turn = talk.say("제일 싼 걸로 할게요")
    assert (turn["outcome"], turn["link"]) == ("accepted", cheapest["url"]) and cheapest["name"] in turn["reply"]


def test_more_comes_from_what_was_fetched(shop, naver, redis_server):
    talk = begin(shop)
    first = talk.say("무선 이어폰 추천해줘")
    rests = counter(shop, "chat_searches", ',source="rest"')
    for key in redis_server.client().keys("naver:*"):
        redis_server.client().delete(key)
    second = talk.say("더 보여줘")
    assert from_naver(second) == [True] * 3 and not set(ids(first)) & set(ids(second))
    assert len(naver.calls) == 1 and counter(shop, "chat_searches", ',source="rest"') == rests + 1


def test_a_day_has_so_many_calls(shop, naver, redis_server):
    redis = forget(redis_server)
    assert from_naver(begin(shop).say("이어폰 추천해줘")) == [True] * 3
    day = datetime.now(timezone(timedelta(hours=9))).strftime("%Y-%m-%d")
    assert redis.get(f"naver:calls:{day}") == "1" and 3600 < redis.ttl(f"naver:calls:{day}") <= 26 * 3600
    redis.set(f"naver:calls:{day}", 25000)
    stops = counter(shop, "naver_quota_stops")
    # What was asked before is known, and nothing new is asked.
    assert from_naver(begin(shop).say("이어폰 추천해줘")) == [True] * 3
    assert from_naver(begin(shop).say("무선 이어폰 추천해줘")) == [False] * 3
    assert counter(shop, "naver_quota_stops") == stops + 1
    assert len(naver.calls) == 1 and redis.get(f"naver:calls:{day}") == "25000"


def own_shop(make_system, naver):
    httpd = make_system(settings(naver), start=False)
    httpd.twins = 1
    for part in (httpd.postgres, httpd.redis, httpd):
        part.start()
    return httpd.api


def test_after_five_failures_it_is_left_alone(make_system, naver):
    api = own_shop(make_system, naver)
    naver.fault = "500"
    talk = begin(api)
    for n in range(8):
        assert from_naver(talk.say(f"{'가나다라마바사아'[n]}방 찾아줘")) == [False] * 3
    assert len(naver.calls) == 5 and counter(api, "naver_skipped") == 3
    # Ten seconds later one call tries, and all is well again.
    naver.fault = None
    found = until(lambda: any(from_naver(begin(api).say("이어폰 추천해줘"))), "it to be asked again", 20)
    assert found and len(naver.calls) == 6


def test_it_says_when_to_come_back(make_system, naver):
    api = own_shop(make_system, naver)
    naver.fault = "429-later"
    talk = begin(api)
    assert from_naver(talk.say("이어폰 추천해줘")) == [False] * 3
    naver.fault = None
    assert from_naver(talk.say("무선 이어폰 추천해줘")) == [False] * 3
    assert len(naver.calls) == 1 and counter(api, "naver_skipped") == 1


def test_every_fault_is_tried():
    """The faults of the fake service are all in the list above, but for the one with a test of its own."""
    tried = test_when_it_fails_there_is_the_catalog.pytestmark[0].args[1]
    assert set(tried) | {"429-later"} == set(FAULTS) | {"hang", "cut", "drip"}
