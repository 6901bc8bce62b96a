"""Refunds of purchases that are unpaid, part-paid and repaid: points back and points taken, what is owed, what goes back."""

import re
import signal
import threading
import uuid

import pytest

import worker
from client import assert_problem as problem
from debts import Seller, account, begin, books_balance, confirm, customer, give_points, seller  # noqa: F401
from servers import end
from shop import fresh as key

pytestmark = pytest.mark.usefixtures("books_balance")


def refund(api, seller, payment, headers=None, **body):
    return api.post(f"/pay/payments/{payment}/refunds", token=seller, headers=headers or key(), json=body)


def refunded(api, seller, payment, **body):
    """Refund with success; (points_back, owed_down_won, refund_pending_won)."""
    reply = refund(api, seller, payment, **body)
    assert reply.status_code == 201, reply.text
    return tuple(reply.json()[name] for name in ("points_back", "owed_down_won", "refund_pending_won"))


def repay(api, gateway, customer, *payments):
    """Repay and return the gateway's payment."""
    repayment, given = begin(api, gateway, customer, *payments)
    assert confirm(api, customer, repayment, given).status_code == 200
    return gateway.payments[given["payment_key"]]


def work(system, gateway, postgres):
    """The worker gives back all that is due, or will be."""
    postgres.query("UPDATE pay.refund SET due_at = moa.now() WHERE give_back_won > 0 AND given_back_at IS NULL")
    done = worker.run(system, "--once", **gateway.env)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def quiet(gateway, system, postgres):
    """Nothing is left to be given back of what tests before have refunded."""
    work(system, gateway, postgres)
    gateway.calls.clear()


def booked(postgres, kind, about):
    return set(postgres.query("SELECT unit, debit, credit, amount FROM pay.transfer t JOIN pay.journal j ON j.id = journal_id "
                              "WHERE kind = %s AND about = %s", kind, about))


def test_unpaid(api, postgres, customer, seller):
    """All of it, without saying how much: nothing is owed, what was earned is taken, nothing goes through the gateway."""
    payment = seller.sell(customer, 12_900)
    assert account(postgres, customer)[:2] == (12_900, 25)
    reply = refund(api, seller, payment, reason="다른 색으로 교환")
    assert reply.json()["reason"] == "다른 색으로 교환"
    assert account(postgres, customer)[:2] == (0, 0)
    assert booked(postgres, "refund", reply.json()["id"]) == {
        ("won", "merchant", "owed", 12_900), ("points", "points", "issued", 25)}
    assert postgres.query("SELECT type, data ->> 'amount_won' FROM pay.event WHERE merchant_id = %s "
                          "AND data ->> 'payment_id' = %s", seller.id, payment) == [("payment.refunded", "12900")]


def test_in_parts_the_last_takes_the_rest(api, postgres, customer, seller):
    """1,000 won with 100 points by thirds: rounded down, and the last refund makes up for it."""
    give_points(postgres, customer, 100)
    payment = seller.sell(customer, 1_000, points=100)
    assert account(postgres, customer)[:2] == (900, 1)
    assert refunded(api, seller, payment, amount_won=333) == (33, 300, 0)
    assert refunded(api, seller, payment, amount_won=333) == (33, 300, 0)
    assert account(postgres, customer)[:2] == (300, 67)
    assert refunded(api, seller, payment) == (34, 300, 0)
    assert account(postgres, customer)[:2] == (0, 100)
    problem(refund(api, seller, payment), 409, "refund_too_large")


def test_paid_with_points_alone(api, postgres, customer, seller):
    give_points(postgres, customer, 500)
    payment = seller.sell(customer, 500, points=500)
    assert refunded(api, seller, payment, amount_won=1) == (1, 0, 0)
    assert refunded(api, seller, payment) == (499, 0, 0)
    assert account(postgres, customer)[:2] == (0, 500)


def test_repaid(api, gateway, system, postgres, customer, seller):
    """It goes back through the gateway by the worker, with its grade points; and no other payment is touched."""
    payments = [seller.sell(customer, 20_000), seller.sell(customer, 15_000)]
    paid = repay(api, gateway, customer, *payments)
    assert account(postgres, customer)[2:] == (3, 5_000)
    reply = refund(api, seller, payments[0])
    assert (reply.json()["owed_down_won"], reply.json()["refund_pending_won"]) == (0, 20_000)
    assert account(postgres, customer) == (0, 30, 1, 5_000)
    assert paid["cancels"] is None
    work(system, gateway, postgres)
    assert [(one["cancelAmount"], one["cancelReason"]) for one in paid["cancels"]] == [(20_000, reply.json()["id"])]
    assert booked(postgres, "refund", reply.json()["id"]) == {
        ("won", "merchant", "refunding", 20_000), ("points", "points", "issued", 40)}
    assert booked(postgres, "refunded", reply.json()["id"]) == {("won", "refunding", "gateway", 20_000)}
    assert postgres.query("SELECT given_back_won FROM pay.repayment WHERE payment_key = %s", paid["paymentKey"]) == [(20_000,)]
    work(system, gateway, postgres)
    assert len(paid["cancels"]) == 1


def test_part_refunded_then_repaid_then_the_rest(api, gateway, system, postgres, customer, seller):
    payment = seller.sell(customer, 10_000)
    assert refunded(api, seller, payment, amount_won=4_000) == (0, 4_000, 0)
    paid = repay(api, gateway, customer, payment)
    assert paid["totalAmount"] == 6_000
    assert refunded(api, seller, payment, amount_won=1_000) == (0, 0, 1_000)
    assert refunded(api, seller, payment) == (0, 0, 5_000)
    work(system, gateway, postgres)
    assert paid["status"] == "CANCELED"
    assert sorted(one["cancelAmount"] for one in paid["cancels"]) == [1_000, 5_000]
    assert account(postgres, customer) == (0, 0, 0, 0)


@pytest.mark.parametrize("back, left", [(1, (2, 4_999)), (5_000, (2, 0)), (5_001, (1, 9_999)), (25_000, (0, 0))])
def test_grade_points_are_taken_back_with_the_remainder(api, gateway, postgres, customer, seller, back, left):
    payment = seller.sell(customer, 25_000)
    repay(api, gateway, customer, payment)
    assert account(postgres, customer)[2:] == (2, 5_000)
    refunded(api, seller, payment, amount_won=back)
    assert account(postgres, customer)[2:] == left


def test_points_that_were_spent_are_the_houses_cost(api, postgres, customer, seller):
    """What was earned is taken, never below zero: the rest is charged to the rewards book."""
    payment = seller.sell(customer, 50_000)
    seller.sell(customer, 90, points=90)
    assert account(postgres, customer)[:2] == (50_000, 10)
    reply = refund(api, seller, payment)
    assert account(postgres, customer)[:2] == (0, 0)
    assert booked(postgres, "refund", reply.json()["id"]) == {
        ("won", "merchant", "owed", 50_000), ("points", "points", "issued", 10), ("points", "rewards", "issued", 90)}
    assert postgres.query("SELECT points_taken, points_missing FROM pay.refund WHERE id = %s", reply.json()["id"]) == [(10, 90)]


def test_above_the_rest(api, postgres, customer, seller):
    payment = seller.sell(customer, 1_000)
    problem(refund(api, seller, payment, amount_won=1_001), 409, "refund_too_large")
    refunded(api, seller, payment, amount_won=600)
    problem(refund(api, seller, payment, amount_won=401), 409, "refund_too_large")
    assert account(postgres, customer)[0] == 400


@pytest.mark.parametrize("body", [{"amount_won": 0}, {"amount_won": -1}, {"amount_won": "5"}, {"amount_won": 0.5},
                                  {"amount_won": 10**9}, {"reason": ""}, {"reason": "x" * 201}, {"points": 5}])
def test_impossible_refunds(api, customer, seller, body):
    payment = seller.sell(customer, 1_000)
    assert problem(refund(api, seller, payment, **body), 422, "validation_failed")["errors"][0]["field"] in body


def test_another_merchants_payment(api, postgres, customer, seller):
    payment = seller.sell(customer, 1_000)
    problem(refund(api, Seller(postgres), payment), 404, "not_found")
    problem(refund(api, seller, str(uuid.uuid4())), 404, "not_found")
    problem(refund(api, seller, "nonsense"), 404, "not_found")
    problem(refund(api, "msk_unknown", payment), 401, "token_invalid")
    problem(refund(api, customer, payment), 401, "token_invalid")
    assert account(postgres, customer)[0] == 1_000


def test_the_same_key(api, postgres, customer, seller):
    payment = seller.sell(customer, 1_000)
    same = key()
    first = refund(api, seller, payment, same, amount_won=100)
    again = refund(api, seller, payment, same, amount_won=100)
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, first.json(), "true")
    problem(refund(api, seller, payment, same, amount_won=200), 422, "idempotency_key_reused")
    assert account(postgres, customer)[0] == 900


def test_two_refunds_at_once(api, postgres, customer, seller):
    """Of 1,000 won, eight times 300: three fit."""
    payment = seller.sell(customer, 1_000)
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(refund(api, seller, payment, amount_won=300).status_code),
                                daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [201] * 3 + [409] * 5
    assert account(postgres, customer)[0] == 100


def test_a_refund_ends_the_repayment_that_waits_for_the_customer(api, gateway, postgres, customer, seller):
    """Its amount is no longer what is owed."""
    payment = seller.sell(customer, 1_000)
    repayment, given = begin(api, gateway, customer, payment)
    assert refunded(api, seller, payment, amount_won=300) == (0, 300, 0)
    problem(confirm(api, customer, repayment, given), 409, "repayment_ended")
    assert gateway.calls == []
    assert repay(api, gateway, customer, payment)["totalAmount"] == 700


def test_no_refund_while_the_money_is_being_taken(api, gateway, system, postgres, customer, seller):
    """Whether it lowers what is owed or goes back is known when the gateway has answered."""
    payment = seller.sell(customer, 1_000)
    repayment, given = begin(api, gateway, customer, payment)
    gateway.faults.update(confirm=["cut-after"], query=["cut-after"])
    same = key()
    problem(confirm(api, customer, repayment, given, same), 503, "dependency_unavailable")
    wanted = key()
    problem(refund(api, seller, payment, wanted), 409, "conflict")
    postgres.query("UPDATE pay.repayment SET asked_at = asked_at - interval '1 hour' WHERE status = 'confirming'")
    work(system, gateway, postgres)
    reply = refund(api, seller, payment, wanted)
    assert (reply.status_code, reply.json()["refund_pending_won"]) == (201, 1_000)


def test_a_refund_that_pays_what_is_overdue_unblocks(api, postgres, customer, seller):
    payment = seller.sell(customer, 1_000, at="2026-03-05T12:00:00+09:00")
    postgres.query("UPDATE pay.account SET standing = 'blocked', blocked_by = 'overdue' WHERE customer_id = %s", customer.id)
    refunded(api, seller, payment, amount_won=999)
    assert postgres.query("SELECT pay.standing(%s)", customer.id) == [("blocked",)]
    refunded(api, seller, payment)
    assert postgres.query("SELECT pay.standing(%s)", customer.id) == [("good",)]


@pytest.mark.parametrize("fault", ["cut-before", "cut-after", "half-after", "500-before", "500-after", "garbage-after"])
@pytest.mark.usefixtures("quiet")
def test_giving_back_in_bad_weather(api, gateway, system, postgres, customer, seller, fault):
    """The gateway's answer is lost, before or after it has given the money back: it goes back once, and is booked once."""
    payment = seller.sell(customer, 1_000)
    paid = repay(api, gateway, customer, payment)
    refunded(api, seller, payment)
    gateway.faults["cancel"] = [fault]
    work(system, gateway, postgres)
    assert postgres.query("SELECT given_back_at FROM pay.refund WHERE payment_id = %s", payment) == [(None,)]
    work(system, gateway, postgres)
    assert [one["cancelAmount"] for one in paid["cancels"]] == [1_000]
    assert postgres.query("SELECT given_back_won FROM pay.repayment WHERE payment_key = %s", paid["paymentKey"]) == [(1_000,)]


@pytest.mark.usefixtures("quiet")
def test_giving_back_after_the_gateway_has_forgotten_the_key(api, gateway, system, postgres, customer, seller):
    """Idempotency-Keys are not kept for ever: what was given back is found in the gateway's own description of the payment."""
    payment = seller.sell(customer, 1_000)
    other = seller.sell(customer, 1_000)
    paid = repay(api, gateway, customer, payment, other)
    refunded(api, seller, payment)
    gateway.faults["cancel"] = ["cut-after"]
    work(system, gateway, postgres)
    gateway.answers.clear()
    work(system, gateway, postgres)
    assert [one["cancelAmount"] for one in paid["cancels"]] == [1_000]
    assert postgres.query("SELECT given_back_at IS NOT NULL FROM pay.refund WHERE payment_id = %s", payment) == [(True,)]


def gauge(api, state):
    """The figure of GET /pay/metrics."""
    shown = api.get("/pay/metrics").text
    return int(re.search(rf'^moa_pay_give_backs{{program="pay",state="{state}"}} (\d+)$', shown, re.M)[1])


@pytest.mark.usefixtures("quiet")
def test_what_the_gateway_refuses_for_good_waits_for_somebody(api, gateway, system, postgres, customer, seller):
    """It is asked once and no more, and said everywhere an operator looks; then they have it asked again, with success."""
    payment = seller.sell(customer, 1_000)
    paid = repay(api, gateway, customer, payment)
    made = refund(api, seller, payment).json()["id"]
    gateway.refusals["cancel"] = (403, "NOT_CANCELABLE_PAYMENT", "취소 할 수 없는 결제 입니다.")
    work(system, gateway, postgres)
    gateway.refusals.clear()
    work(system, gateway, postgres)
    assert gateway.count("cancel") == 1
    shown = system.ctl("gateway", "refunds")
    assert f"id: {made}\nstatus: refused\ngive_back_won: 1000\npayment_key: {paid['paymentKey']}" in shown
    assert "fault: 403 NOT_CANCELABLE_PAYMENT: 취소 할 수 없는 결제 입니다." in shown
    assert "FAIL  give-backs  1 refused by the payment gateway" in system.ctl.run("doctor").stdout
    assert gauge(api, "refused") == 1
    system.ctl("gateway", "retry", made)
    assert gauge(api, "waiting") == 1
    work(system, gateway, postgres)
    assert [(one["cancelAmount"], one["cancelReason"]) for one in paid["cancels"]] == [(1_000, made)]
    assert (gauge(api, "refused"), gauge(api, "waiting"), system.ctl("gateway", "refunds")) == (0, 0, "")
    assert "ok    give-backs" in system.ctl.run("doctor").stdout
    assert system.ctl.run("gateway", "retry", made).returncode == 1


@pytest.mark.usefixtures("quiet")
def test_what_the_gateway_refuses_for_now_is_asked_for_again(api, gateway, system, postgres, customer, seller):
    """Under another Idempotency-Key: the answer to the first is its answer for days."""
    payment = seller.sell(customer, 1_000)
    paid = repay(api, gateway, customer, payment)
    made = refund(api, seller, payment).json()["id"]
    gateway.refusals["cancel"] = (403, "NOT_AVAILABLE_BANK", "은행 서비스 시간이 아닙니다.")
    work(system, gateway, postgres)
    gateway.refusals.clear()
    assert "status: waiting" in system.ctl("gateway", "refunds")
    work(system, gateway, postgres)
    assert [one["cancelReason"] for one in paid["cancels"]] == [made]
    assert {f"cancel {made}", f"cancel {made}-1"} <= set(gateway.answers)


@pytest.mark.usefixtures("quiet")
def test_without_an_answer_the_key_stays(api, gateway, system, postgres, customer, seller):
    """It may have gone back: under another key it would a second time, where the gateway does not show the first yet."""
    payment = seller.sell(customer, 1_000)
    paid = repay(api, gateway, customer, payment)
    made = refund(api, seller, payment).json()["id"]
    gateway.faults["cancel"] = ["cut-after"]
    work(system, gateway, postgres)
    hidden, paid["cancels"] = paid["cancels"], None
    work(system, gateway, postgres)
    assert paid["balanceAmount"] == 0 and len(hidden) == 1
    assert [one for one in gateway.answers if one.startswith(f"cancel {made}")] == [f"cancel {made}"]


@pytest.mark.usefixtures("quiet")
def test_killed_while_giving_back(api, gateway, system, postgres, customer, seller):
    """kill -9 of the worker when the gateway has given the money back and the worker has not heard of it: once, all the same."""
    payment = seller.sell(customer, 1_000)
    paid = repay(api, gateway, customer, payment)
    refunded(api, seller, payment)
    gateway.faults["cancel"] = ["hang-after"]
    process = worker.start(system, "--once", **gateway.env)
    assert gateway.arrived.wait(30)
    end(process, signal.SIGKILL)
    process.stderr.close()
    work(system, gateway, postgres)
    assert [one["cancelAmount"] for one in paid["cancels"]] == [1_000]
    assert (gateway.count("cancel"), system.ctl("gateway", "refunds")) == (1, "")


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("how", ["late", "never"])
def test_late_or_no_word_of_giving_back(api, gateway, system, postgres, customer, seller, how):
    """The worker has other things to do, too: it goes on after a while, and asks again later."""
    payment = seller.sell(customer, 1_000)
    paid = repay(api, gateway, customer, payment)
    refunded(api, seller, payment)
    if how == "never":
        gateway.faults["cancel"] = ["hang-before"]
    else:
        gateway.late["cancel"] = 1
    done = worker.run(system, "--once", **gateway.env, MOA_GATEWAY_DEADLINE_MS="300")
    assert (done.returncode, "result=unknown" in done.stderr) == (0, True)
    assert "fault: no answer" in system.ctl("gateway", "refunds")
    gateway.late.clear()
    work(system, gateway, postgres)
    assert [one["cancelAmount"] for one in paid["cancels"]] == [1_000]


@pytest.mark.usefixtures("quiet")
def test_two_workers_give_back_once(api, gateway, system, postgres, customer, seller):
    payments = [seller.sell(customer, 1_000) for _ in range(6)]
    paid = repay(api, gateway, customer, *payments)
    for payment in payments:
        refunded(api, seller, payment)
    pair = [worker.start(system, "--once", **gateway.env) for _ in range(2)]
    for process in pair:
        process.communicate(timeout=60)
    assert [process.returncode for process in pair] == [0, 0]
    assert [one["cancelAmount"] for one in paid["cancels"]] == [1_000] * 6
    assert gateway.count("cancel") == 6
