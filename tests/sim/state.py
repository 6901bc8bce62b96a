"""What there is to know of everybody: requests, payments, repayments, bills, customers, and the rules that they follow by themselves."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

SEOUL = timezone(timedelta(hours=9))
GRADES = [("bronze", 0, 100_000, 2), ("silver", 20, 150_000, 6), ("gold", 40, 200_000, 10), ("platinum", 60, 250_000, 15),
          ("diamond", 90, 300_000, 20)]  # from how many grade points on, won of limit, points per mille
CAP, POINT_WON = 150, 10_000  # of grade points: how many at most, and what must be repaid for one
AMOUNT_MAX = 100_000_000  # won of one purchase
WHEEL = (5, 10, 20, 30, 40, 50)
CODES_MAX, CODES_S = 10, 600  # so many wrong codes in so many seconds
SLACK_S = 0.005  # between this program's clock and what a reply says of PostgreSQL's
WRONG_CODES = {"code_unknown", "code_claimed", "code_expired", "request_cancelled"}


class Contradiction(Exception):
    """What pay says or holds is not what it has to."""


def expect(what, is_so, should):
    if is_so != should:
        raise Contradiction(f"{what}: it is {is_so!r}, and should be {should!r}")


def fits(what, body, **fields):
    """The fields of a JSON object."""
    for name, should in fields.items():
        expect(f"{what}'s {name}", body.get(name), should)


def seconds(text):
    """A time of RFC 3339 as seconds since 1970."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def day(t):
    """The business day of a time."""
    return datetime.fromtimestamp(t, SEOUL).date()


def midnight(of_day):
    """When it begins."""
    return datetime(of_day.year, of_day.month, of_day.day, tzinfo=SEOUL).timestamp()


def month(of_day):
    return f"{of_day:%Y-%m}"


def month_after(of_month, days):
    """The day of the next month with that number; 0 is its last."""
    first = date.fromisoformat(of_month + "-01")
    following = (first + timedelta(days=31)).replace(day=1)
    if days:
        return following.replace(day=days)
    return (following + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def month_before(of_day):
    return month(of_day.replace(day=1) - timedelta(days=1))


@dataclass
class Request:
    """What a merchant asks for."""

    id: str
    merchant: str
    order: str
    amount: int
    pin: str
    qr: str
    checkout: str
    expires: float
    status: str = "pending"
    customer: str = None
    payment: str = None
    unclear: bool = False  # nobody knows who had claimed it when it ran out

    @property
    def open(self):
        return self.status in ("pending", "claimed")


@dataclass
class Payment:
    """What was bought, and what became of it."""

    id: str
    request: str
    merchant: str
    amount: int
    points_used: int
    earned: int
    month: str
    at: float
    owed: int
    repaid: int = 0
    refunded: int = 0
    points_back: int = 0
    points_taken: int = 0
    refunds: list = field(default_factory=list)  # (id, won, seconds, won that go through the gateway)

    @property
    def credit(self):
        return self.amount - self.points_used


@dataclass
class Repayment:
    """What a customer was going to repay, by payment."""

    id: str
    order: str
    items: dict
    expires: float
    status: str = "pending"
    key: str = None

    @property
    def amount(self):
        return sum(self.items.values())


@dataclass
class Bill:
    """Of a month: what is still owed of it."""

    due: date
    owed: int = 0
    extended: bool = False


@dataclass
class Customer:
    """Who buys."""

    id: str
    grade: str = "bronze"
    won: int = 0  # repaid and not given back: what grade points are for
    before: list = field(default_factory=list)  # (seconds, won) before each change of that
    blocked: str = None  # by "overdue" or "admin"
    owed: int = 0
    points: int = 0
    bills: dict = field(default_factory=dict)
    payments: dict = field(default_factory=dict)
    repayments: dict = field(default_factory=dict)
    entries: list = field(default_factory=list)  # (unit, kind, change, balance), oldest first
    days: set = field(default_factory=set)  # of check-ins
    wrong: list = field(default_factory=list)  # wrong codes: (began, ended, surely, at most how often)
    settled: dict = field(default_factory=dict)  # by month of bill: when less was owed of it last

    @property
    def rule(self):
        return next(rule for rule in GRADES if rule[0] == self.grade)

    @property
    def limit(self):
        return self.rule[2]

    @property
    def grade_points(self):
        return min(self.won // POINT_WON, CAP)

    @property
    def pending(self):
        return next((one for one in self.repayments.values() if one.status == "pending"), None)

    def owes(self, change, kind):
        self.owed += change
        if change:
            self.entries.append(("won", kind, change, self.owed))

    def gets(self, change, kind):
        self.points += change
        if change:
            self.entries.append(("points", kind, change, self.points))

    def repays(self, won, at):
        """Towards grade points, or back again."""
        self.before.append((at, self.won))
        self.won += won

    def won_at(self, t):
        return next((won for at, won in self.before if at >= t), self.won)

    def is_overdue(self, today):
        return any(bill.owed and bill.due < today for bill in self.bills.values())

    def settles(self, of, won, at):
        """Less is owed of a month's bill."""
        self.bills[of].owed -= won
        if won:
            self.settled[of] = at

    def unblock(self, today):
        if self.blocked == "overdue" and not self.is_overdue(today):
            self.blocked = None
