"""Repaying through the gateway: what is repaid in what order, and whatever the gateway and the network do, once."""

import os
import signal
import threading
import uuid

import pytest

import worker
from checkouts import at_once
from client import assert_problem as problem
from debts import Seller, account, begin, books_balance, confirm, customer, seller, start  # noqa: F401
from servers import end, until
from shop import fresh as key

pytestmark = pytest.mark.usefixtures("books_balance")


def state(postgres, repayment):
    return postgres.query("SELECT status, fault FROM pay.repayment WHERE id = %s", repayment["id"])[0]


def work(system, gateway, postgres):
    """The worker looks at everything that lies between two commits."""
    postgres.query("UPDATE pay.repayment SET asked_at = asked_at - interval '1 hour' WHERE status = 'confirming'")
    done = worker.run(system, "--once", **gateway.env)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_repaying(api, gateway, postgres, customer, seller):
    payment = seller.sell(customer, 12_900)
    repayment, given = begin(api, gateway, customer, payment)
    assert (repayment["amount_won"], repayment["status"], repayment["payment_ids"]) == (12_900, "pending", [payment])
    window = repayment["gateway"]
    assert (window["provider"], window["client_key"]) == ("toss", "test_ck_sandbox")
    assert window["window_url"].endswith(f"/window?clientKey=test_ck_sandbox&orderId={window['order_id']}&amount=12900")
    reply = confirm(api, customer, repayment, given)
    assert (reply.status_code, reply.json()["status"]) == (200, "paid")
    assert account(postgres, customer) == (0, 25, 1, 2_900)
    assert gateway.payments[given["payment_key"]]["status"] == "DONE"
    assert postgres.query("SELECT debit, credit, amount FROM pay.transfer t JOIN pay.journal j ON j.id = journal_id "
                          "WHERE kind = 'repayment' AND about = %s", repayment["id"]) == [("gateway", "owed", 12_900)]
    assert postgres.query("SELECT owed_won, repaid_won FROM pay.payment WHERE id = %s", payment) == [(0, 12_900)]


def test_a_whole_month(api, gateway, customer, seller):
    ids = {seller.sell(customer, won, at="2026-03-05T12:00:00+09:00") for won in (1_000, 2_000)}
    seller.sell(customer, 5_000)
    reply = start(api, customer, month="2026-03")
    assert (reply.status_code, reply.json()["amount_won"]) == (201, 3_000)
    assert set(reply.json()["payment_ids"]) == ids


def test_older_month_before_newer(api, gateway, customer, seller):
    """A batch that mixes months went by the month of its first payment: now none of a newer month is repaid while something of an older
    one stays."""
    old = [seller.sell(customer, 1_000, at="2026-03-05T12:00:00+09:00") for _ in range(2)]
    new = seller.sell(customer, 2_000)
    problem(start(api, customer, payment_ids=[new]), 409, "older_bill_first")
    problem(start(api, customer, payment_ids=[new, old[0]]), 409, "older_bill_first")
    assert start(api, customer, payment_ids=[old[1]]).status_code == 201
    assert start(api, customer, payment_ids=[new, *old]).json()["amount_won"] == 4_000


@pytest.mark.parametrize("body, field", [
    ({}, "payment_ids"), ({"month": "2026-13"}, "month"), ({"month": "11-2026"}, "month"),
    ({"payment_ids": []}, "payment_ids"), ({"payment_ids": ["x"]}, "payment_ids"),
    ({"payment_ids": [str(uuid.uuid4())], "month": "2026-03"}, "month"), ({"month": 202603}, "month"),
])
def test_what_cannot_be_repaid_at_all(api, gateway, customer, body, field):
    reply = start(api, customer, **body)
    assert problem(reply, 422, "validation_failed")["errors"][0]["field"] == field


def test_nothing_owed(api, gateway, customer, seller):
    problem(start(api, customer, month="2026-03"), 409, "nothing_owed")


def test_another_customers_payment(api, gateway, customer, seller):
    """Anybody could settle anybody's payments, and had limit and grade points for it: what is another's is not found."""
    other = api.register()
    mine, theirs = seller.sell(customer, 1_000), seller.sell(other, 1_000)
    problem(start(api, customer, payment_ids=[theirs]), 404, "not_found")
    problem(start(api, customer, payment_ids=[mine, theirs]), 404, "not_found")
    problem(start(api, customer, payment_ids=[str(uuid.uuid4())]), 404, "not_found")


def test_another_customers_repayment(api, gateway, customer, seller):
    other = api.register()
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    problem(confirm(api, other, repayment, given), 404, "not_found")
    problem(api.post("/pay/repayments/nonsense/confirm", token=customer, headers=key(), json=given), 404, "not_found")
    assert gateway.calls == []


def test_repaid_twice(api, gateway, postgres, customer, seller):
    """Settled payments matched again, and each repeat gave limit and grade points: now neither."""
    payment = seller.sell(customer, 10_000)
    repayment, given = begin(api, gateway, customer, payment)
    same = key()
    first = confirm(api, customer, repayment, given, same)
    again = confirm(api, customer, repayment, given, same)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert confirm(api, customer, repayment, given).json() == first.json()
    problem(start(api, customer, payment_ids=[payment]), 409, "nothing_owed")
    assert account(postgres, customer) == (0, 20, 1, 0)
    assert gateway.count("confirm") == 1


def test_keys(api, gateway, customer, seller):
    payment = seller.sell(customer, 10_000)
    same = key()
    first = start(api, customer, same, payment_ids=[payment])
    again = start(api, customer, same, payment_ids=[payment])
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    problem(start(api, customer, same, month="2026-03"), 422, "idempotency_key_reused")
    problem(api.post("/pay/repayments", token=customer, json={"payment_ids": [payment]}), 400, "idempotency_key_required")


def test_a_new_repayment_replaces_a_pending_one(api, gateway, postgres, customer, seller):
    payment = seller.sell(customer, 1_000)
    old, given = begin(api, gateway, customer, payment)
    new, given_new = begin(api, gateway, customer, payment)
    problem(confirm(api, customer, old, given), 409, "repayment_ended")
    assert state(postgres, old) == ("replaced", None)
    assert confirm(api, customer, new, given_new).status_code == 200
    assert gateway.count("confirm") == 1


def test_pending_ends_after_ten_minutes(api, gateway, system, postgres, customer, seller):
    left = api.register()
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    forgotten, _ = begin(api, gateway, left, seller.sell(left, 1_000))
    postgres.query("UPDATE pay.repayment SET expires_at = moa.now() WHERE status = 'pending'")
    problem(confirm(api, customer, repayment, given), 409, "repayment_ended")
    assert state(postgres, repayment) == ("expired", None)
    work(system, gateway, postgres)
    assert state(postgres, forgotten) == ("expired", None)
    assert gateway.count("confirm") == 0


@pytest.mark.parametrize("change", [{"amount_won": 999}, {"amount_won": 1}, {"order_id": "moa-of-somebody"}])
def test_amount_mismatch(api, gateway, postgres, customer, seller, change):
    """What the window handed back is not what was to be repaid: nothing is taken, and the right confirm still works."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    problem(confirm(api, customer, repayment, {**given, **change}), 409, "amount_mismatch")
    assert gateway.calls == []
    assert confirm(api, customer, repayment, given).status_code == 200


@pytest.mark.parametrize("field, value", [
    ("amount_won", 0), ("amount_won", -1_000), ("amount_won", "1000"), ("amount_won", 1000.5), ("amount_won", 2**53),
    ("payment_key", "a/../b"), ("payment_key", ""), ("payment_key", "x" * 201), ("order_id", None)])
def test_impossible_confirms(api, gateway, customer, seller, field, value):
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    reply = confirm(api, customer, repayment, {**given, field: value})
    assert problem(reply, 422, "validation_failed")["errors"][0]["field"] == field
    assert gateway.calls == []


def test_taken_in_another_amount(api, gateway, postgres, customer, seller):
    """The gateway itself says another amount than the one agreed on: it goes back, and nothing is booked."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    gateway.faults["confirm"] = ["cut-after"]
    paid = gateway.payments[given["payment_key"]]
    gateway.late["confirm"] = 0
    paid["totalAmount"] = paid["balanceAmount"] = 1_000
    answer = gateway.confirm
    gateway.confirm = lambda body: (answer(body), paid.update(totalAmount=900, balanceAmount=900))[0]
    try:
        problem(confirm(api, customer, repayment, given), 409, "gateway_refused")
    finally:
        gateway.confirm = answer
    assert paid["status"] == "CANCELED"
    assert state(postgres, repayment)[0] == "failed"
    assert account(postgres, customer)[0] == 1_000


def test_the_payment_of_another_order(api, gateway, postgres, customer, seller):
    """Somebody else's payment key, or one's own of another time, pays for nothing here."""
    payments = [seller.sell(customer, 1_000), seller.sell(customer, 1_000)]
    first, given = begin(api, gateway, customer, payments[0])
    assert confirm(api, customer, first, given).status_code == 200
    second, _ = begin(api, gateway, customer, payments[1])
    other = {**given, "order_id": second["gateway"]["order_id"]}
    problem(confirm(api, customer, second, other), 409, "amount_mismatch")
    strange = gateway.pay("moa-of-somebody", 1_000)["payment_key"]
    problem(confirm(api, customer, second, {**other, "payment_key": strange}), 409, "gateway_refused")
    assert state(postgres, second)[0] == "failed"
    assert account(postgres, customer)[0] == 1_000
    assert gateway.payments[strange]["status"] == "IN_PROGRESS"


def test_a_made_up_payment(api, gateway, postgres, customer, seller):
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    problem(confirm(api, customer, repayment, {**given, "payment_key": "made_up"}), 409, "gateway_refused")
    problem(confirm(api, customer, repayment, given), 409, "repayment_ended")
    assert state(postgres, repayment)[0] == "failed"


def test_the_bank_refuses(api, gateway, postgres, customer, seller):
    payment = seller.sell(customer, 1_000)
    repayment, given = begin(api, gateway, customer, payment)
    gateway.refusals["confirm"] = (403, "REJECT_CARD_PAYMENT", "한도초과 혹은 잔액부족으로 결제에 실패했습니다.")
    problem(confirm(api, customer, repayment, given), 409, "gateway_refused")
    assert "REJECT_CARD_PAYMENT" in state(postgres, repayment)[1]
    assert account(postgres, customer)[0] == 1_000
    assert start(api, customer, payment_ids=[payment]).status_code == 201


def test_the_bank_refuses_at_length(api, gateway, postgres, customer, seller):
    """Its words are cut for the books, between two characters."""
    for spaces in range(3):
        repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
        gateway.refusals["confirm"] = (403, "REJECT_CARD_PAYMENT", " " * spaces + "한도초과 " * 50)
        problem(confirm(api, customer, repayment, given), 409, "gateway_refused")
        assert "한도초과" in state(postgres, repayment)[1]


@pytest.mark.parametrize("status, code", [
    (400, "PROVIDER_ERROR"), (409, "IDEMPOTENT_REQUEST_PROCESSING"), (403, "FORBIDDEN_CONSECUTIVE_REQUEST"),
    (401, "UNAUTHORIZED_KEY")])
def test_refusals_that_decide_nothing(api, gateway, system, postgres, customer, seller, status, code):
    """They tell of a bank that stumbled, a call still running, or keys of ours: the payment itself decides, and in the end it does."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    gateway.refusals["confirm"] = (status, code, "")
    problem(confirm(api, customer, repayment, given), 503, "dependency_unavailable")
    assert state(postgres, repayment)[0] == "confirming"
    gateway.payments[given["payment_key"]]["status"] = "EXPIRED"
    work(system, gateway, postgres)
    assert state(postgres, repayment) == ("failed", "EXPIRED")


def test_a_deposit_to_come_is_called_off(api, gateway, postgres, customer, seller):
    """A virtual account that somebody may pay into some day would leave open for days what is owed."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    gateway.faults["confirm"] = ["cut-after"]
    answer, paid = gateway.confirm, gateway.payments[given["payment_key"]]
    gateway.confirm = lambda body: (answer(body), paid.update(status="WAITING_FOR_DEPOSIT"))[0]
    cancel = gateway.cancel
    gateway.cancel = lambda key, body: (paid.update(status="DONE"), cancel(key, body))[1]
    try:
        problem(confirm(api, customer, repayment, given), 409, "gateway_refused")
    finally:
        gateway.confirm, gateway.cancel = answer, cancel
    assert (paid["status"], state(postgres, repayment)) == ("CANCELED", ("failed", "a deposit to come, and called off"))
    assert account(postgres, customer)[0] == 1_000


@pytest.mark.parametrize("fault", ["cut-after", "half-after", "500-after", "garbage-after"])
def test_the_answer_is_lost_and_a_question_finds_it(api, gateway, customer, seller, fault):
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    gateway.faults["confirm"] = [fault]
    assert confirm(api, customer, repayment, given).status_code == 200
    assert [name for name, _ in gateway.calls] == ["confirm", "query"]


@pytest.mark.parametrize("fault", ["cut-after", "half-after", "500-after", "garbage-after"])
def test_the_question_is_not_answered_either(api, gateway, system, postgres, customer, seller, fault):
    """Nothing is concluded from that: the worker's question is."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    gateway.faults.update(confirm=["cut-after"], query=[fault])
    if fault == "cut-after":  # which a GET is repeated after by itself, on a connection that was kept
        gateway.faults["query"] *= 2
    problem(confirm(api, customer, repayment, given), 503, "dependency_unavailable")
    assert state(postgres, repayment)[0] == "confirming"
    gateway.faults.clear()
    work(system, gateway, postgres)
    assert state(postgres, repayment)[0] == "paid"
    assert gateway.count("confirm") == 1


def test_the_gateway_hangs(api, gateway, system, postgres, customer, seller):
    """Neither the call nor the question about it is ever answered: 503 within 3 s, and the worker finds out what was done."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    gateway.faults.update(confirm=["hang-after"], query=["hang-before"])
    reply = confirm(api, customer, repayment, given)
    problem(reply, 503, "dependency_unavailable")
    assert reply.elapsed.total_seconds() < 3
    work(system, gateway, postgres)
    assert state(postgres, repayment)[0] == "paid"
    assert gateway.count("confirm") == 1


def test_the_gateway_says_it_twice(api, gateway, system, postgres, customer, seller):
    """Its notices, three of each, overtake its own answer to the call: booked once, and everybody hears that it is paid."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 10_000))
    gateway.webhook_url, gateway.copies = system.url + "/api/v1/pay/gateway/webhooks", 3
    gateway.late["confirm"] = 0.5
    try:
        reply = confirm(api, customer, repayment, given)
    finally:
        gateway.webhook_url, gateway.copies = None, 1
    assert (reply.status_code, reply.json()["status"]) == (200, "paid")
    until(lambda: gateway.count("query") >= 1, "the first notice to be verified")
    assert account(postgres, customer) == (0, 20, 1, 0)


def test_killed_while_asking(api, gateway, system, postgres, customer, seller):
    """kill -9 of the worker while it asks: the next one asks again."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    gateway.faults.update(confirm=["cut-after"], query=["500-before", "hang-before"])
    problem(confirm(api, customer, repayment, given), 503, "dependency_unavailable")
    postgres.query("UPDATE pay.repayment SET asked_at = asked_at - interval '1 hour' WHERE status = 'confirming'")
    process = worker.start(system, "--once", **gateway.env)
    assert gateway.arrived.wait(30)
    end(process, signal.SIGKILL)
    process.stderr.close()
    assert state(postgres, repayment)[0] == "confirming"
    work(system, gateway, postgres)
    assert state(postgres, repayment)[0] == "paid"


def test_the_gateway_answers_late(api, gateway, postgres, customer, seller):
    """503 within 3 s; the money was taken, and the same call again finds that out and takes no more."""
    payment = seller.sell(customer, 1_000)
    repayment, given = begin(api, gateway, customer, payment)
    gateway.late.update(confirm=5, query=5)
    same = key()
    reply = confirm(api, customer, repayment, given, same)
    problem(reply, 503, "dependency_unavailable")
    assert reply.elapsed.total_seconds() < 3
    assert state(postgres, repayment)[0] == "confirming"
    problem(start(api, customer, payment_ids=[payment]), 409, "conflict")
    gateway.late.clear()
    reply = confirm(api, customer, repayment, given, same)
    assert (reply.status_code, reply.json()["status"]) == (200, "paid")
    assert gateway.count("confirm") == 1


def test_the_gateway_is_out_of_order(api, gateway, system, postgres, customer, seller):
    """Neither the program nor a first worker hears anything but 503; nothing is decided before the gateway has said it."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    gateway.refusals.update(confirm=(503, "UNKNOWN", ""), query=(503, "UNKNOWN", ""))
    problem(confirm(api, customer, repayment, given), 503, "dependency_unavailable")
    work(system, gateway, postgres)
    assert state(postgres, repayment)[0] == "confirming"
    gateway.refusals.clear()
    work(system, gateway, postgres)
    assert state(postgres, repayment)[0] == "paid"
    assert gateway.payments[given["payment_key"]]["status"] == "DONE"


def test_the_worker_finds_out_that_nothing_was_taken(api, gateway, system, postgres, customer, seller):
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 1_000))
    gateway.faults.update(confirm=["cut-before"], query=["cut-before"])
    problem(confirm(api, customer, repayment, given), 503, "dependency_unavailable")
    gateway.payments[given["payment_key"]]["status"] = "EXPIRED"
    work(system, gateway, postgres)
    assert state(postgres, repayment) == ("failed", "EXPIRED")
    assert account(postgres, customer)[0] == 1_000


@pytest.mark.parametrize("fault", ["hang-before", "hang-after"])
def test_killed_between_the_commits(api, gateway, system, postgres, customer, seller, fault):
    """kill -9 while the gateway is asked, before or after it took the money: the worker asks, and the same call gets the result."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 20_000))
    gateway.faults["confirm"] = [fault]
    same = key()
    threading.Thread(target=lambda: confirm(api, customer, repayment, given, same), daemon=True).start()
    assert gateway.arrived.wait(10)
    killed = system.programs()["pay"]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not set(killed) & set(system.programs().get("pay", [])), "the programs to be gone")
    system.wait_ready(["pay"])
    assert state(postgres, repayment)[0] == "confirming"
    work(system, gateway, postgres)
    assert state(postgres, repayment)[0] == "paid"
    assert account(postgres, customer) == (0, 40, 2, 0)
    reply = confirm(api, customer, repayment, given, same)
    assert (reply.status_code, reply.json()["status"]) == (200, "paid")
    assert len([one for one in gateway.transactions if one["paymentKey"] == given["payment_key"]]) == 1


def test_two_confirms_at_once(api, gateway, postgres, customer, seller):
    """With keys of their own, while the gateway takes its time: the money is taken once."""
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 10_000))
    gateway.late["confirm"] = 0.5
    replies = []

    def call():
        replies.append(confirm(api, customer, repayment, given))

    threads = [threading.Thread(target=call, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    codes = sorted(reply.status_code for reply in replies)
    assert codes.count(200) >= 1 and set(codes) <= {200, 409}
    assert gateway.count("confirm") == 1
    assert account(postgres, customer) == (0, 20, 1, 0)


@pytest.fixture
def lost_by_six(api, gateway, postgres, seller):
    """Customers whose money was taken without moa hearing of it."""
    crowd = [api.register() for _ in range(6)]
    gateway.refusals["query"] = (503, "UNKNOWN", "")
    gateway.faults["confirm"] = ["cut-after"] * 6
    for one in crowd:
        repayment, given = begin(api, gateway, one, seller.sell(one, 10_000))
        problem(confirm(api, one, repayment, given), 503, "dependency_unavailable")
    postgres.query("UPDATE pay.repayment SET asked_at = asked_at - interval '1 hour' WHERE status = 'confirming'")
    gateway.calls.clear()
    return crowd


def test_two_workers(gateway, system, postgres, lost_by_six):
    """Both look; each repayment is asked about by one of them, and booked once."""
    gateway.refusals.clear()
    pair = [worker.start(system, "--once", **gateway.env) for _ in range(2)]
    for process in pair:
        process.communicate(timeout=60)
    assert [process.returncode for process in pair] == [0, 0]
    assert [account(postgres, one) for one in lost_by_six] == [(0, 20, 1, 0)] * 6
    assert gateway.count("query") == 6


def test_a_gateway_that_fails_is_left_alone(gateway, system, postgres, lost_by_six):
    """After five failures in a row nothing is asked of it for a while; what was not asked for waits no longer for that."""
    done = worker.run(system, "--once", **{**gateway.env, "MOA_GATEWAY_BREAKER": "1"})
    assert (done.returncode, gateway.count("query")) == (0, 5)
    assert postgres.query("SELECT count(*) FROM pay.repayment WHERE status = 'confirming' "
                          "AND asked_at < moa.now() - interval '30 minutes'") == [(1,)]
    gateway.refusals.clear()
    work(system, gateway, postgres)
    assert [account(postgres, one) for one in lost_by_six] == [(0, 20, 1, 0)] * 6


def test_grade_points_by_ten_thousand_with_the_remainder_kept(api, gateway, postgres, customer, seller):
    """What is left over of one repayment counts in the next."""
    for won, expected in ((9_999, (0, 9_999)), (1, (1, 0)), (15_000, (1 + 1, 5_000)), (25_000, (5, 0))):
        repayment, given = begin(api, gateway, customer, seller.sell(customer, won))
        assert confirm(api, customer, repayment, given).status_code == 200
        assert account(postgres, customer)[2:] == expected


def test_grade_points_end_at_150(api, gateway, postgres, customer, seller):
    postgres.query("UPDATE pay.account SET repaid_won = 1490000 WHERE customer_id = %s", customer.id)
    repayment, given = begin(api, gateway, customer, seller.sell(customer, 35_000))
    assert confirm(api, customer, repayment, given).status_code == 200
    assert account(postgres, customer)[2:] == (150, 5_000)


def test_repaying_what_is_overdue_unblocks_at_once(api, gateway, postgres, customer, seller):
    """There was no way out of a block, not even repaying."""
    old, new = seller.sell(customer, 1_000, at="2026-03-05T12:00:00+09:00"), seller.sell(customer, 2_000)
    postgres.query("UPDATE pay.account SET standing = 'blocked', blocked_by = 'overdue' WHERE customer_id = %s", customer.id)
    repayment, given = begin(api, gateway, customer, old)
    assert confirm(api, customer, repayment, given).status_code == 200
    assert postgres.query("SELECT pay.standing(%s)", customer.id) == [("good",)]
    assert account(postgres, customer)[0] == 2_000
    assert new


class TestNotices:
    """POST /gateway/webhooks: anybody can send one, so the gateway is asked, and it happens once."""

    @pytest.fixture
    def lost(self, api, gateway, system, postgres, customer, seller):
        """The money was taken and moa has not heard of it."""
        gateway.webhook_url = None
        repayment, given = begin(api, gateway, customer, seller.sell(customer, 10_000))
        gateway.faults["confirm"] = ["cut-after"]
        gateway.refusals["query"] = (503, "UNKNOWN", "")
        problem(confirm(api, customer, repayment, given), 503, "dependency_unavailable")
        gateway.refusals.clear()
        gateway.calls.clear()
        gateway.webhook_url = system.url + "/api/v1/pay/gateway/webhooks"
        yield repayment, given["payment_key"]
        gateway.webhook_url = None

    def test_a_notice_settles(self, gateway, postgres, customer, lost):
        """Also when it comes three times: what is known is not asked again."""
        assert gateway.notify(lost[1], copies=3) == [204] * 3
        assert state(postgres, lost[0])[0] == "paid"
        assert account(postgres, customer) == (0, 20, 1, 0)
        assert gateway.count("query") == 1

    def test_a_forged_notice(self, gateway, postgres, customer, lost):
        """It says that the money was taken, and the gateway does not."""
        gateway.payments[lost[1]]["status"] = "IN_PROGRESS"
        assert gateway.notify(lost[1], status="DONE") == [204]
        assert state(postgres, lost[0])[0] == "confirming"
        gateway.payments[lost[1]]["status"] = "DONE"
        assert gateway.notify(lost[1], status="CANCELED", totalAmount=1) == [204]
        assert state(postgres, lost[0])[0] == "paid"

    def test_a_notice_that_is_late(self, gateway, system, postgres, customer, lost):
        """When all has been settled, or refunded since, it says nothing new; nor does an old one that somebody sends again."""
        work(system, gateway, postgres)
        assert state(postgres, lost[0])[0] == "paid"
        gateway.calls.clear()
        assert gateway.notify(lost[1], copies=2) == [204] * 2
        assert gateway.notify(lost[1], status="CANCELED", balanceAmount=0) == [204]
        assert (gateway.calls, account(postgres, customer)) == ([], (0, 20, 1, 0))

    def test_a_notice_of_the_end(self, gateway, postgres, customer, lost):
        """Forged, the gateway's word counts; true, it ends the repayment."""
        gateway.payments[lost[1]]["status"] = "ABORTED"
        assert gateway.notify(lost[1], copies=2, status="DONE") == [204] * 2
        assert state(postgres, lost[0]) == ("failed", "ABORTED")
        assert gateway.notify(lost[1], status="DONE") == [204]
        assert account(postgres, customer)[0] == 10_000

    def test_notices_at_once(self, gateway, postgres, customer, lost):
        """Eight of them, on all processes: it is booked once."""
        gateway.late["query"] = 0.3
        assert at_once([lambda: gateway.notify(lost[1])] * 8, 8) == [[204]] * 8
        assert account(postgres, customer) == (0, 20, 1, 0)

    def test_a_notice_with_somebody_elses_key(self, api, gateway, postgres, seller, lost):
        """An own payment, which the gateway has taken, under the order of another's repayment: nobody's debts are paid by it."""
        own = gateway.pay(lost[0]["gateway"]["order_id"], 10_000)
        gateway.confirm({"paymentKey": own["payment_key"], "orderId": own["order_id"], "amount": 10_000})
        assert gateway.notify(own["payment_key"]) == [204]
        assert state(postgres, lost[0])[0] == "confirming"
        assert gateway.calls == []

    def test_notices_about_nothing(self, api, gateway, customer, seller, lost):
        """Unknown orders, foreign keys and pending repayments are not worth a question to the gateway."""
        pending, given = begin(api, gateway, other := api.register(), seller.sell(other, 1_000))
        assert gateway.notify("made_up", orderId=pending["gateway"]["order_id"]) == [204]
        assert gateway.notify(given["payment_key"]) == [204]
        assert gateway.notify(lost[1], orderId="nobody") == [204]
        assert gateway.notify(lost[1], paymentKey="../../x") == [204]
        assert gateway.calls == []

    def test_a_notice_that_cannot_be_verified_is_to_come_again(self, gateway, postgres, lost):
        gateway.refusals["query"] = (500, "FAILED_INTERNAL_SYSTEM_PROCESSING", "")
        assert gateway.notify(lost[1]) == [503]
        gateway.refusals.clear()
        assert gateway.notify(lost[1]) == [204]
        assert state(postgres, lost[0])[0] == "paid"

    @pytest.mark.parametrize("body, status, code", [
        ("{", 400, "malformed_json"), ('{"a":1,"a":1}', 400, "malformed_json")])
    def test_no_notice_at_all(self, api, gateway, body, status, code):
        problem(api.post("/pay/gateway/webhooks", data=body, headers={"Content-Type": "application/json"}), status, code)

    @pytest.mark.parametrize("body", ["[]", "{}", '{"data":[]}', '{"data":{"paymentKey":7,"orderId":null}}', "null"])
    def test_notices_of_another_form(self, api, gateway, body):
        reply = api.post("/pay/gateway/webhooks", data=body, headers={"Content-Type": "application/json"})
        assert reply.status_code == 204
        assert gateway.calls == []
