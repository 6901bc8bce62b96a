"""Each of shorts' calls once, with success: for what is told of all calls."""

from clips import make_short


def shorts_calls(api, customer, admin):
    """As a customer, as another one, as an administrator, and as a guest."""
    short = make_short(api.system, customer, description="첫 #산책 #고양이")
    api.get(f"/shorts/{short}")
    api.get(f"/shorts/{short}", token=customer)
    api.post(f"/shorts/{short}/watch", token=customer, json={"playing": True})
    api.get("/shorts/feed", token=customer, params={"limit": 1, "explain": "1"})
    assert admin
