"""GET /shorts/search: what is found, in what order, and how a chain of pages holds still."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

import worker
from client import assert_problem
from clips import make_short
from servers import until

HIDE = "UPDATE shorts.short SET hidden_at = %s WHERE id = %s"


@pytest.fixture(scope="module")
def searched(make_shared_system):
    """An Api on a system of its own, where nobody else's shorts are found."""
    return make_shared_system().api


@pytest.fixture(scope="module")
def owner(searched):
    return searched.register()


@pytest.fixture
def make(searched, owner):
    """make(title, description): a short, which is gone after the test; returns its id."""
    made = []

    def one(title, description=""):
        made.append(make_short(searched.system, owner, title, description))
        return made[-1]

    yield one
    searched.system.postgres.query("DELETE FROM shorts.short WHERE id = ANY (%s::uuid[])", made)


@pytest.fixture
def find(searched):
    """find(q): the titles that are found."""
    return lambda q, **more: [item["title"] for item in page(searched, q, **more)["items"]]


def page(api, q, **more):
    reply = api.get("/shorts/search", params={"q": q, **more})
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize("text, q", [
    ("고양이 낮잠", "고양이"),
    ("Coffee at HOME", "coffee home"),
    ("cafe\u0301 투어", "CAFÉ"),
    ("우리 강아지가 잔다", "강아지"),
    ("강아지 산책", "강아지를"),
    ("빵을 굽다", "빵"),
    ("무선이어폰 고르기", "이어폰"),
    ("김밥집 순례", "김밥"),
    ("my two cats", "cat"),
    ("my only cat", "cats"),
    ("하늘 구경", "ㅎㄴ"),
    ("🐶 첫 산책", "🐶"),
    ("ねこ の 散歩", "散歩"),
    ("k팝 2024 모음", "K팝"),
    ("<b>굵은</b> 글씨", "<b>굵은"),
])
def test_words_are_found(make, find, text, q):
    make(text)
    make("전혀 다른 이야기", "한강 야경 river")
    assert find(q) == [text]


@pytest.mark.parametrize("word, wrong", [
    ("가방", "가반"), ("강남", "강냠"), ("산책", "산첵"), ("떡볶이", "떡복이"), ("고양이", "고앙이"), ("강아지", "강이지"),
    ("cat", "cet"), ("dog", "dgo"), ("cat", "caat"), ("coffee", "cofee"), ("seoul", "soeul"), ("강아지가", "강이지")])
def test_one_wrong_letter_still_finds(make, find, word, wrong):
    make(f"{word} 하루")
    make("전혀 다른 이야기", "한강 야경 river")
    assert find(wrong) == [f"{word} 하루"]
    assert find(wrong + " 하루") == [f"{word} 하루"]


def test_a_wrong_word_finds_nothing(make, find):
    make("고양이 낮잠")
    assert find("자전거") == [] and find("bicycle") == []


@pytest.mark.parametrize("q", ["%", "_", "\\", "%%%", "''", "!&|", "~", "^", "@1", "#a0", "...!?", "<->", ":*"])
def test_signs_have_no_meaning(make, find, q):
    make("고양이 낮잠")
    assert find(q) == []


@pytest.mark.parametrize("q", ["고%이", "고_이", "고양%", "_양이", "고양이:*", "'고양이' & !낮잠", "c%t"])
def test_wildcards_are_literal(make, find, q):
    make("고양이 낮잠")
    make("cat")
    assert find("고양이") == ["고양이 낮잠"]
    assert "cat" not in find(q)
    assert find("고%") == [] and find("낮_") == []


def test_where_it_is_found(searched, make, find, owner):
    make("제목", "설명에 나오는 호랑이 #줄무늬")
    assert find("호랑이") == ["제목"] and find("줄무늬") == find("#줄무늬") == ["제목"]
    assert page(searched, "제목")["items"][0]["channel"]["id"] == owner.id


def test_the_order(make, find):
    wrong = make("강이지 제목")
    part = make("강아지풀 제목")
    said = make("설명 제목", "강아지 이야기")
    older = make("강아지 첫째")
    newer = make("강아지 둘째")
    assert all((wrong, part, said, older, newer))
    assert find("강아지") == ["강아지 둘째", "강아지 첫째", "설명 제목", "강아지풀 제목", "강이지 제목"]


def test_all_words_then_most(make, find):
    make("바다 낚시")
    make("바다 여행 낚시")
    make("낚시 여행")
    make("여행 가방")
    assert find("바다 여행 낚시") == ["바다 여행 낚시", "낚시 여행", "바다 낚시"]
    assert find("바다 바다") == ["바다 여행 낚시", "바다 낚시"]


def test_who_finds_enough_is_not_shown_what_comes_near(make, find):
    for i in range(24):
        make(f"바나나 {i}")
    make("바니나 우유")
    assert "바니나 우유" not in find("바나나", limit=100)
    assert find("바니나", limit=100)[0] == "바니나 우유" and len(find("바니나", limit=100)) == 25


def test_what_is_edited_hidden_or_deleted(searched, make, find):
    short = make("코끼리 구경")
    query = searched.system.postgres.query
    query("UPDATE shorts.short SET title = '기린 구경' WHERE id = %s", short)
    assert find("코끼리") == [] and find("기린") == ["기린 구경"]
    query(HIDE, "now", short)
    assert find("기린") == []
    query(HIDE, None, short)
    assert find("기린") == ["기린 구경"]
    query("DELETE FROM shorts.short WHERE id = %s", short)
    assert find("기린") == []


def test_what_is_not_ready_is_not_found(searched, make, find):
    short = make("얼룩말 구경")
    searched.system.postgres.query("UPDATE shorts.short SET status = 'processing', media = NULL WHERE id = %s", short)
    assert find("얼룩말") == []


def rename(api, customer, nickname):
    assert api.patch("/auth/me", token=customer, json={"nickname": nickname}).status_code == 200


def test_a_channel_is_found_by_its_name_also_by_a_new_one(searched, find):
    system = searched.system
    owner = searched.register()
    rename(searched, owner, "달나라토끼")
    short = make_short(system, owner, "방아 찧기")
    for q in ("달나라토끼", "토끼", "달나라", "ㄷㄴㄹㅌㄲ"):
        assert find(q) == ["방아 찧기"]
    rename(searched, owner, "별나라여우")
    assert page(searched, "방아")["items"][0]["channel"]["nickname"] == "별나라여우"
    system.postgres.query("UPDATE shorts.names_read SET ended_at = '-infinity'")
    assert worker.run(system, "--once").returncode == 0
    assert find("토끼") == [] and find("여우 방아") == ["방아 찧기"]
    system.postgres.query("DELETE FROM shorts.short WHERE id = %s", short)


@pytest.fixture
def named(searched):
    """named(nicknames): channels that are called so, without shorts, which are gone after the test."""
    query = searched.system.postgres.query
    made = []

    def several(*nicknames):
        made.extend(query("""INSERT INTO shorts.channel_name (customer_id, nickname, words)
            SELECT gen_random_uuid(), name, shorts.name_words(name) FROM unnest(%s) name RETURNING number""", list(nicknames)))

    yield several
    query("DELETE FROM shorts.channel_name WHERE number = ANY (%s)", [number for number, in made])


@pytest.fixture
def channel(searched):
    """channel(nickname, title): a short of a new channel that is called so."""
    made = []

    def one(nickname, title):
        owner = searched.register()
        rename(searched, owner, nickname)
        made.append(make_short(searched.system, owner, title))

    yield one
    searched.system.postgres.query("DELETE FROM shorts.short WHERE id = ANY (%s::uuid[])", made)


def test_among_many_channels_of_a_name_no_other_is_missed(named, channel, find):
    named(*(f"여행 일기 {i}" for i in range(30)))
    channel("여행 수첩", "첫날")
    assert find("여행") == ["첫날"]


def test_a_channel_called_exactly_so_comes_before_all_others(named, channel, find):
    named(*(f"여행 {i}" for i in range(2000)), *(f"민수 {i}" for i in range(2000)), *(f"민수 여행 {i}" for i in range(200)))
    channel("여행 민수", "첫날")
    channel("여행", "둘째 날")
    channel("제주 사는 민수의 여행", "셋째 날")
    assert find("여행 민수") == find("여행, 민수!") == ["첫날"]
    assert find("여행") == ["둘째 날"]
    assert find("제주 민수 여행") == find("제주 사는") == ["셋째 날"]


def test_a_channel_and_what_it_shows(named, channel, find):
    """Words beside those of the name are of its shorts."""
    named(*(f"여행 {i}" for i in range(2000)), *(f"민수 {i}" for i in range(2000)))
    channel("여행 민수", "바닷가 노을")
    assert find("여행 민수 노을") == find("노을 여행 민수") == ["바닷가 노을"]


def test_names_are_read_slice_by_slice(searched, find):
    """With more channels than are read at a time, the last one's name is new after a few calls."""
    query = searched.system.postgres.query
    owner = searched.register()
    short = make_short(searched.system, owner, "방아 찧기")
    query("INSERT INTO shorts.channel_name (customer_id, nickname, words) SELECT gen_random_uuid(), '', '{}' FROM generate_series(1, 5000)")
    rename(searched, owner, "은하수여우")
    query("UPDATE shorts.names_read SET ended_at = '-infinity'")
    changed = [query("SELECT shorts.refresh_names()")[0][0] for _ in range(3)]
    assert sorted(changed) == [0, 0, 1] and find("은하수여우") == ["방아 찧기"]
    query("DELETE FROM shorts.channel_name WHERE nickname = ''")
    query("DELETE FROM shorts.short WHERE id = %s", short)


def test_two_workers_read_names_at_once(searched):
    postgres = searched.system.postgres
    with closing(postgres.connect()) as first, first.cursor() as cursor:
        first.autocommit = False
        cursor.execute("SELECT FROM shorts.names_read FOR UPDATE")
        assert postgres.query("SELECT shorts.refresh_names()") == [(0,)]


def chain(api, q, limit, between=lambda: None):
    """The ids of all pages, with something done between one and the next."""
    ids, cursor = [], None
    while True:
        got = page(api, q, limit=limit, **({"cursor": cursor} if cursor else {}))
        assert len(got["items"]) == limit or got["next_cursor"] is None
        ids += [item["id"] for item in got["items"]]
        cursor = got["next_cursor"]
        if cursor is None:
            return ids
        between()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 24, 100])
def test_a_chain_neither_repeats_nor_skips(searched, make, limit):
    texts = ["수박 화채", "수박", "화채 그릇", "수막 화채", "수박은 화채로", "여름 음식"]
    before = [make(texts[i % 6], "수박 화채" if i % 6 == 5 else "") for i in range(30)]
    whole = chain(searched, "수박 화채", 100)
    assert sorted(whole) == sorted(before)
    late = []
    hidden = set()

    def meanwhile():
        late.append(make("수박 화채"))
        late.append(make("수박 화체"))
        if len(late) == 4:
            searched.system.postgres.query(HIDE, "now", whole[-1])
            hidden.add(whole[-1])

    assert chain(searched, "수박 화채", limit, meanwhile) == [short for short in whole if short not in hidden]


def test_a_chain_goes_on_behind_many_neighbours(searched, owner):
    """More shorts than a block has, few of which have the word; and all of them."""
    query = searched.system.postgres.query
    query("""INSERT INTO shorts.short (customer_id, upload_id, title, status, media, width, height, duration_s)
        SELECT %s, gen_random_uuid(), CASE n %% 700 WHEN 1 THEN '드문 ' ELSE '' END || '흔한 말', 'ready', gen_random_uuid(), 9, 16, 1
        FROM generate_series(1, 3000) n""", owner.id)
    assert len(chain(searched, "드문", 2)) == 5
    common = chain(searched, "흔한", 100)
    assert len(common) == len(set(common)) == 3000
    query("DELETE FROM shorts.short WHERE customer_id = %s", owner.id)


def test_cursors_are_checked(searched, make):
    for _ in range(3):
        make("참외 하나")
    cursor = page(searched, "참외", limit=1)["next_cursor"]
    bad = ["x", "", "%", "{}", "bnVsbA", "e30", "W10", cursor[:-5], cursor + "AAAA", "_" * 4000, "é"]
    for wrong in bad:
        assert_problem(searched.get("/shorts/search", params={"q": "참외", "cursor": wrong}), 400, "invalid_cursor")
    assert_problem(searched.get("/shorts/search", params={"q": "수박", "cursor": cursor}), 400, "invalid_cursor")
    assert len(page(searched, " 참외! ", cursor=cursor)["items"]) == 2


@pytest.mark.parametrize("params", [{}, {"q": ""}, {"q": "   "}, {"q": "가" * 101}, {"q": "가", "limit": 0}, {"q": "가", "more": 1}])
def test_what_cannot_be_asked(searched, params):
    assert_problem(searched.get("/shorts/search", params=params), 422, "validation_failed")


@pytest.mark.parametrize("q", ["가" * 100, "a" * 100, "a b " * 25, "가나다 " * 25, "ㄱㄴ " * 33, "🐶" * 100])
def test_long_ones(find, q):
    assert find(q) == []


def test_guests_and_customers(searched, make):
    make("포도 한 송이")
    reader = searched.register()
    assert page(searched, "포도")["items"][0]["mine"] is False
    assert searched.get("/shorts/search", params={"q": "포도"}, token=reader).json()["items"][0]["my_reaction"] is None
    assert_problem(searched.get("/shorts/search", params={"q": "포도"}, token="x.y.z"), 401, "token_invalid")


def test_html_stays_text(make, find):
    make("<script>alert(1)</script>")
    assert find("script alert") == ["<script>alert(1)</script>"]


def test_many_make_shorts_with_the_same_new_words(searched, owner):
    """Nobody waits for ever for another's words, however they are ordered."""
    words = [secrets.token_hex(4).translate(str.maketrans("0123456789", "ghijklmnop")) for _ in range(12)]

    def one(i):
        return make_short(searched.system, owner, words[i], " ".join(words if i % 2 else words[::-1]))

    begun = time.monotonic()
    with ThreadPoolExecutor(12) as several:
        made = list(several.map(one, range(12)))
    assert time.monotonic() - begun < 20
    assert len(page(searched, words[3], limit=100)["items"]) == 12
    searched.system.postgres.query("DELETE FROM shorts.short WHERE id = ANY (%s::uuid[])", made)


def new_word():
    return "x" + secrets.token_hex(4).translate(str.maketrans("0123456789", "ghijklmnop"))


def waiting(system, count):
    """Wait until so many wait for locks."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    until(lambda: system.postgres.query(sql) == [(count,)], f"{count} who wait")


def test_new_words_and_new_channels_crossed(searched):
    """Two first shorts, each with the name of the other's channel in its title, wait for a third word, and for each other no longer."""
    postgres = searched.system.postgres
    first, second, third = sorted(new_word() for _ in range(3))
    owners = [searched.register(), searched.register()]
    for owner, word in zip(owners, (second, third)):
        rename(searched, owner, f"{first} {word}")
    with closing(postgres.connect()) as holder, holder.cursor() as cursor, ThreadPoolExecutor(2) as several:
        cursor.execute("BEGIN; INSERT INTO shorts.word VALUES (%s, '{1}')", (first,))
        made = [several.submit(make_short, searched.system, owner, word) for owner, word in zip(owners, (third, second))]
        waiting(searched.system, 2)
        cursor.execute("ROLLBACK")
        made = [short.result() for short in made]
    assert {item["id"] for item in page(searched, first)["items"]} == set(made)
    postgres.query("DELETE FROM shorts.short WHERE id = ANY (%s::uuid[])", made)


FORGET = "SELECT shorts.forget_words()"


@pytest.fixture
def forget(searched):
    """forget(): the next day has come: a round of the worker forgets words that are used no longer."""
    def one():
        searched.system.postgres.query("UPDATE shorts.words_read SET last = '', ended_at = '-infinity'")
        searched.system.postgres.query("UPDATE shorts.names_read SET ended_at = '-infinity'")
        assert worker.run(searched.system, "--once").returncode == 0
    return one


def known(searched, words):
    """Which of these words others can mean."""
    return {word for word, in searched.system.postgres.query("SELECT word FROM shorts.word WHERE word = ANY (%s)", list(words))}


def test_words_of_who_left_are_forgotten(searched, owner, channel, forget, find):
    leaver = searched.register()
    name, titled, said, shared, others_name, stem = (new_word() for _ in range(6))
    rename(searched, leaver, name)
    make_short(searched.system, leaver, f"{titled} {shared} {stem}s", f"{said} {others_name}")
    channel(others_name, f"{stem} {shared}")
    assert known(searched, {name, titled, said, shared, others_name, stem}) == {name, titled, said, shared, others_name, stem}
    assert searched.delete("/auth/me", token=leaver, json={"password": leaver.password}).status_code == 204
    forget()
    assert known(searched, {name, titled, said, shared, others_name, stem, stem + "s"}) == {shared, others_name, stem}
    assert searched.system.postgres.query("SELECT number FROM shorts.channel_name WHERE customer_id = %s", leaver.id) == []
    assert find(shared[:-1]) == [f"{stem} {shared}"]


def test_words_that_were_edited_away_are_forgotten_and_come_back(searched, make, forget, find):
    old, new = new_word(), new_word()
    short = make(old)
    query = searched.system.postgres.query
    query("UPDATE shorts.short SET title = %s WHERE id = %s", new, short)
    forget()
    assert known(searched, {old, new}) == {new}
    query(HIDE, "now", short)
    forget()
    assert known(searched, {old, new}) == set()
    query(HIDE, None, short)
    assert known(searched, {old, new}) == {new} and find(new[:-1]) == [new]


def test_words_are_gone_through_slice_by_slice_once_a_day(searched):
    query = searched.system.postgres.query
    query("INSERT INTO shorts.word SELECT 'unused' || n, '{1}' FROM generate_series(1, 1200) n")
    query("UPDATE shorts.words_read SET last = '', ended_at = '-infinity'")
    forgotten = [query(FORGET)[0][0] for _ in range(5)]
    assert sum(forgotten) >= 1200 and 0 < max(forgotten) < 1200 and forgotten[-1] == 0
    query("INSERT INTO shorts.word VALUES ('unused', '{1}')")
    assert query(FORGET) == [(0,)] and known(searched, {"unused"})
    query("UPDATE shorts.words_read SET ended_at = ended_at - interval '25 hours'")
    assert query(FORGET) == [(1,)] and not known(searched, {"unused"})


def test_a_word_that_is_just_learnt_is_not_forgotten(searched, owner, forget):
    """It was used no longer, and is used by a short that nobody can see yet."""
    word = new_word()
    query = searched.system.postgres.query
    query("INSERT INTO shorts.word VALUES (%s, '{1}')", word)
    with closing(searched.system.postgres.connect()) as maker, maker.cursor() as cursor:
        cursor.execute("BEGIN; INSERT INTO shorts.short (customer_id, upload_id, title, status, media, width, height, duration_s) "
                       "VALUES (%s, gen_random_uuid(), %s, 'ready', %s, 9, 16, 1)", (owner.id, word, secrets.token_hex(16)))
        forget()
        assert known(searched, {word})
        cursor.execute("COMMIT")
    assert query(FORGET) == [(0,)] and known(searched, {word})
    forget()
    assert known(searched, {word})
    query("DELETE FROM shorts.short WHERE title = %s", word)


def test_a_word_that_is_just_forgotten_is_learnt_again(searched, make):
    word = new_word()
    query = searched.system.postgres.query
    query("INSERT INTO shorts.word VALUES (%s, '{1}')", word)
    query("UPDATE shorts.words_read SET last = '', ended_at = '-infinity'")
    with closing(searched.system.postgres.connect()) as forgetter, forgetter.cursor() as cursor, ThreadPoolExecutor(1) as other:
        cursor.execute(f"BEGIN; {FORGET}")
        made = other.submit(make, word)
        waiting(searched.system, 1)
        cursor.execute("COMMIT")
        made.result()
    assert known(searched, {word})
