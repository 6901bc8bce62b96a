"""Several operations at once must have been done one after another, in some order: the search for it."""

from dataclasses import dataclass

from state import Contradiction, expect


@dataclass
class Seen:
    """What a customer saw after all of them: the summary and when that was, and the entries behind the first so many."""

    customer: str
    summary: dict
    at: float
    known: int
    entries: list

    def follows(self, model):
        """The entries so far are the first of those."""
        made = model.customers[self.customer].entries[self.known:]
        expect("the ledger's new entries", self.entries[:len(made)], made)

    def agrees(self, model):
        self.follows(model)
        expect("so many entries", len(self.entries), len(model.customers[self.customer].entries) - self.known)
        model.summary(self.customer, self.summary, self.at)


def explain(model, ops, seen=()):
    """Judge the operations in an order that explains all replies, and what was seen after them."""
    faults = []
    if not _search(model, list(ops), seen, faults):
        best = max(faults, key=lambda fault: fault[0])
        raise Contradiction(best[1])


def _search(model, left, seen, faults, depth=0):
    if not left:
        return _agrees(model, seen, faults, depth)
    for op in _next(left):
        saved = model.save(op)
        try:
            model.judge(op)
            for one in seen:
                one.follows(model)
        except Contradiction as e:
            faults.append((depth, f"{op}\n    {e}"))
            model.restore(saved)
            continue
        rest = [other for other in left if other is not op]
        if _search(model, rest, seen, faults, depth + 1):
            return True
        model.restore(saved)
        if op.is_idle:  # it may as well have come first
            return False
    return False


def _next(left):
    """Those that can have been the next: nothing else had ended before they began, and jobs are done in their order.
    First what was refused, which changes nothing."""
    first_end = min(op.ended for op in left)
    jobs = [op for op in left if op.kind == "job"]
    ready = [op for op in left if op.began <= first_end and (op.kind != "job" or op is jobs[0])]
    return sorted(ready, key=lambda op: not op.is_idle)


def _agrees(model, seen, faults, depth):
    try:
        for one in seen:
            one.agrees(model)
        return True
    except Contradiction as e:
        faults.append((depth, f"after all of them: {e}"))
        return False
