"""The demo catalog: enough products, well spread, in both languages, none of them twice."""

import re
from collections import Counter, defaultdict

import pytest
from psycopg2.extras import RealDictCursor

from moa import TREE

HANGUL = re.compile("[가-힣]")
# How many products a category has below each price at least, in won.
SPREAD = {10_000: 3, 20_000: 5, 30_000: 7, 50_000: 10, 100_000: 13}


def read(postgres):
    connection = postgres.connect()
    try:
        cursor = connection.cursor(cursor_factory=RealDictCursor)
        cursor.execute("SELECT * FROM chatbot.product ORDER BY id")
        return cursor.fetchall()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def products(postgres):
    return read(postgres)


@pytest.fixture(scope="module")
def categories(products):
    grouped = defaultdict(list)
    for product in products:
        grouped[product["category"]].append(product)
    return grouped


def test_there_are_enough_products(products, categories):
    assert len(products) >= 420
    assert len(categories) >= 18
    assert all(len(group) >= 15 for group in categories.values())


def test_every_price_is_within_the_bounds(products):
    assert all(3_000 <= product["price_won"] <= 300_000 for product in products)


def test_every_category_has_something_for_every_purse(categories):
    for name, group in categories.items():
        prices = [product["price_won"] for product in group]
        for bound, least in SPREAD.items():
            assert sum(price < bound for price in prices) >= least, (name, bound)
        assert max(prices) >= 200_000, name


def test_refusing_a_brand_leaves_a_choice(categories):
    for name, group in categories.items():
        brands = Counter(product["brand"] for product in group)
        most = brands.most_common(1)[0][0]
        left = [product for product in group if product["brand"] != most and product["price_won"] < 50_000]
        assert len(brands) >= 3 and len(left) >= 4, name


def test_refusing_a_colour_leaves_a_choice(categories):
    for name, group in categories.items():
        assert len({product["colour"] for product in group}) >= 5, name


@pytest.mark.parametrize("column", ["name_ko", "name_en", "reason_ko", "reason_en", "url"])
def test_no_text_stands_twice(products, column):
    repeated = [text for text, times in Counter(p[column] for p in products).items() if times > 1]
    assert repeated == []


def test_korean_is_korean_and_english_is_not(products):
    for product in products:
        for column in ("name", "category", "keywords", "reason"):
            assert HANGUL.search(product[f"{column}_ko"]), product["id"]
            assert not HANGUL.search(product[f"{column}_en"]), product["id"]
        assert (product["colour"] is None) == (product["colour_ko"] is None), product["id"]


def test_every_reason_is_one_sentence(products):
    for product in products:
        assert product["reason_ko"].endswith("요."), product["id"]
        assert product["reason_en"].endswith("."), product["id"]
        assert len(product["reason_ko"]) <= 80 and len(product["reason_en"]) <= 120, product["id"]


def test_addresses_lead_nowhere_and_pictures_exist(products):
    for product in products:
        assert re.fullmatch(r"https://[a-z]+\.example/[a-z0-9-]+", product["url"])
        assert (TREE / "htdocs" / product["image_url"].lstrip("/")).is_file(), product["image_url"]


def test_loading_it_again_changes_nothing(postgres, products):
    connection = postgres.connect()
    connection.cursor().execute((TREE / "sql/demo/catalog.sql").read_text())
    connection.close()
    assert read(postgres) == products
