"""The catalog's search at the schema: slips of the keys find what was meant, bounds hold, and the order is sensible."""

import pytest

from moa import TREE

LIMIT_WON = 300_000


@pytest.fixture(scope="module")
def search(make_database):
    """search(terms, **wish): the products found, as rows of id, fit, category, price_won, brand, name_ko, name_en."""
    database = make_database()
    connection = database.connect()
    cursor = connection.cursor()
    cursor.execute((TREE / "sql/demo/catalog.sql").read_text())

    def find(terms, session="s", cap=LIMIT_WON, floor=0, aim=None, below=0, above=0, topics=(), nearby=(), colour=None,
             not_colours=(), not_brands=(), not_words=()):
        cursor.execute("""
            SELECT p.id, f.fit, p.category, p.price_won, p.brand, p.name_ko, p.name_en, p.colour
            FROM chatbot.find_products(%s, %s, %s, %s, %s, %s, %s::text[], %s::text[], %s::text[], %s, %s::text[],
                %s::text[], %s::text[]) WITH ORDINALITY f JOIN chatbot.product p USING (id) ORDER BY f.ordinality""",
                       (session, cap, floor, aim or cap * 4 // 10, below, above, terms.split(), list(topics), list(nearby),
                        colour, list(not_colours), list(not_brands), list(not_words)))
        names = ("id", "fit", "category", "price_won", "brand", "name_ko", "name_en", "colour")
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    find.query = database.query
    yield find
    connection.close()


# What somebody typed, and words of which one is in the name of what they meant.
MISSPELT = [
    ("해드폰", "헤드폰"), ("이어펀", "이어폰"), ("키보두", "키보드"), ("마우쓰", "마우스"), ("탠트", "텐트"), ("렌턴", "캠핑 등"),
    ("침냥", "침낭"), ("덤밸", "덤벨|아령"), ("요가메트", "요가 매트|매트"), ("운둥화", "운동화"), ("베낭", "배낭"), ("드리퍼어", "드리퍼"),
    ("원도", "원두"), ("립스틱크", "립스틱|립"), ("켄들", "캔들|초"), ("방석", "방석|쿠션"), ("만녕필", "만년필"), ("강아지간식", "간식"),
    ("삼각데", "삼각대"), ("화뷴", "화분"), ("물감", "물감"), ("프라이펜", "팬|웍"),
    ("hedphones", "headphone"), ("earphnes", "earphone"), ("keybord", "keyboard"), ("latern", "light"),
    ("slepping", "sleeping"), ("dumbels", "dumbbell"), ("sneekers", "sneaker"), ("bakpack", "backpack"), ("coffe", "coffee"),
    ("candel", "candle"), ("notebok", "notebook"), ("tripood", "tripod"), ("guitarr", "guitar"),
]


@pytest.mark.parametrize("typed, meant", MISSPELT)
def test_slips_find_what_was_meant(search, typed, meant):
    found = search(typed)[:10]
    names = [f"{row['name_ko']} {row['name_en']}".lower() for row in found]
    assert any(word in name for name in names for word in meant.split("|")), names


def test_the_very_word_is_preferred_to_words_like_it(search):
    """Where the catalog has the word, nothing else is the kind: a trip is no tripod."""
    assert not any("tripod" in row["name_en"] for row in search("trip") if row["fit"] == 0)
    assert any("tripod" in row["name_en"] for row in search("tripod") if row["fit"] == 0)


@pytest.mark.parametrize("typed", ["umbrella", "우산", "xkcdq", "냉장고"])
def test_what_the_catalog_lacks_is_not_found(search, typed):
    assert {row["fit"] for row in search(typed)} == {4}


@pytest.mark.parametrize("typed, first, second", [("무선이어폰", "무선", "이어폰"), ("요가블록", "요가", "블록"),
                                                  ("고양이장난감", "고양이", "장난감")])
def test_words_written_in_one_are_taken_apart(search, typed, first, second):
    """Products that have both come first."""
    def has_both(row):
        words = search.query("""SELECT keywords_ko || ' ' || name_ko || ' ' || category_ko FROM chatbot.product
            WHERE id = %s""", row["id"])[0][0]
        return first in words and second in words

    found = search(typed)[:3]
    assert [row["fit"] for row in found] == [0, 0, 0] and has_both(found[0]), found


def test_endless_words_do_no_harm(search):
    for typed in ("가" * 400, "x" * 400, "가" * 20, "\u0301", "a%_\\'\"", " ".join("가나다라마바사아자차카타파하")):
        assert {row["fit"] for row in search(typed)} <= {0, 4}


def test_beginnings_and_ends_of_compounds_are_words(search):
    search.query("""INSERT INTO chatbot.product (id, name_ko, name_en, brand, category, category_ko, category_en, price_won, mall,
        url, image_url, reason_ko, reason_en) VALUES ('compound', '초경량장우산', 'ultralight', 'Bi', 'rain', '비', 'Rain', 9000, 'M',
        'https://m.example/1', '/i.svg', '가벼워요.', 'Light.')""")
    try:
        assert [row["id"] for row in search("우산") if row["fit"] == 0] == ["compound"]
        assert "compound" in [row["id"] for row in search("초경량") if row["fit"] == 0]
    finally:
        search.query("DELETE FROM chatbot.product WHERE id = 'compound'")
    assert {row["fit"] for row in search("우산")} == {4}


def test_all_words_count(search):
    found = search("무선 이어폰")
    assert any("무선" in row["name_ko"] and "이어폰" in row["name_ko"] for row in found[:3])
    assert not any("유선" in row["name_ko"] for row in found[:3])


@pytest.mark.parametrize("cap, floor", [(3000, 0), (10_000, 0), (30_000, 20_000), (300_000, 100_000)])
@pytest.mark.parametrize("terms, topics", [("커피", ["coffee"]), ("", []), ("", ["camping", "hiking"]), ("헤드폰 커피", [])])
def test_bounds_are_never_given_way(search, cap, floor, terms, topics):
    found = search(terms, cap=cap, floor=floor, topics=topics)
    assert found and all(floor <= row["price_won"] <= cap for row in found)


def test_what_was_turned_down_stays_away(search):
    brands = {row["brand"].lower() for row in search("", topics=["camping"])[:3]}
    found = search("", topics=["camping"], not_brands=brands, not_words=["의자", "LANTERN", "100%", "a_b", "\\"])
    assert len(found) == 24
    assert not any(row["brand"].lower() in brands or "의자" in row["name_ko"] or "lantern" in row["name_en"].lower()
                   for row in found)


def test_fits_are_told_apart(search):
    found = search("", topics=["bags"], colour="black", below=30_000)
    for row in found:
        in_price, in_colour = row["price_won"] < 30_000, row["colour"] == "black"
        expected = 4 if row["category"] != "bags" else 2 if not in_price else 0 if in_colour else 1
        assert row["fit"] == expected, row
    assert [row["fit"] for row in found] == sorted(row["fit"] for row in found)
    assert found[0]["fit"] == 0
    assert {row["fit"] for row in search("우산", topics=["bags"])[:3]} == {0}  # of the category, as the word is not known
    assert search("헤드폰", nearby=["music"], cap=10_000)[-1]["fit"] in (3, 4)


def test_prices_near_the_aim_come_first(search):
    found = search("", topics=["camping"], cap=100_000, aim=30_000)[:6]
    assert sum(abs(row["price_won"] - 30_000) for row in found) / 6 < 15_000


def test_not_all_of_one_brand(search):
    assert len({row["brand"] for row in search("", topics=["headphones"])[:6]}) >= 3


def test_what_was_shown_stays_away(search):
    """All that can be bought is found once, however much was shown before."""
    search.query("""INSERT INTO chatbot.session (id, customer_id, flow)
        VALUES ('0123456789012345678901', gen_random_uuid(), '{"state": "choose", "language": "ko"}')""")
    total, shown = search.query("SELECT count(*) FROM chatbot.product WHERE price_won <= 12000")[0][0], set()
    while True:
        found = {row["id"] for row in search("커피", session="0123456789012345678901", cap=12_000)}
        assert not found & shown
        if not found:
            break
        search.query("INSERT INTO chatbot.shown SELECT '0123456789012345678901', unnest(%s)", list(found))
        shown |= found
    assert len(shown) == total


def test_the_search_follows_the_catalog(search):
    """What is changed or goes is searched for as it is now; words nobody has are none."""
    words = "SELECT products FROM chatbot.word WHERE word = %s"
    before = search.query(words, "등산")
    search.query("UPDATE chatbot.product SET name_ko = name_ko || ' 유일무이', price_won = 4100 WHERE id = 'camping-01'")
    assert [(row["id"], row["price_won"]) for row in search("유일무이") if row["fit"] == 0] == [("camping-01", 4100)]
    assert search.query(words, "유일무이") == [(1,)] and search.query(words, "등산") == before
    search.query("DELETE FROM chatbot.product WHERE id = 'camping-01'")
    assert {row["fit"] for row in search("유일무이")} == {4} and search.query(words, "유일무이") == [(0,)]
    search.query((TREE / "sql/demo/catalog.sql").read_text().replace("%", "%%"))
    assert search.query("SELECT count(*) FROM chatbot.listing") == search.query("SELECT count(*) FROM chatbot.product")
