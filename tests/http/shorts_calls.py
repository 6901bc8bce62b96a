"""Each of shorts' calls once, with success: for what is told of all calls."""

from clips import make_short


def shorts_calls(api, customer, admin):
    """As a customer, as another one, as an administrator, and as a guest."""
    short = make_short(api.system, customer, description="첫 #산책 #고양이")
    api.get(f"/shorts/{short}")
    api.get(f"/shorts/{short}", token=customer)
    api.post(f"/shorts/{short}/watch", token=customer, json={"playing": True})
    api.get("/shorts/feed", token=customer, params={"limit": 1, "explain": "1"})
    api.get("/shorts/search", params={"q": "고양이", "limit": 1})
    make_uploads(api, customer)
    social_calls(api, customer, admin, short)


def make_uploads(api, customer):
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    begun = api.post("/shorts/uploads", token=customer, headers={**tus, "Upload-Length": "6"}, data=b"abc")
    upload = begun.headers["Location"]
    api.get(upload, token=customer, headers=tus)
    api.patch(upload, token=customer, headers={**tus, "Upload-Offset": "3"}, data=b"def")
    api.post("/shorts", token=customer, json={"upload_id": upload.rsplit("/", 1)[1], "title": "첫 영상"})
    for path in ("/shorts/uploads", upload):
        api.options(path)
    other = api.post("/shorts/uploads", token=customer, headers={**tus, "Upload-Length": "6", "Content-Type": ""})
    api.delete(other.headers["Location"], token=customer, headers=tus)


def social_calls(api, customer, admin, short):
    """What people do with a short, and administrators about it."""
    other = api.register()
    api.put(f"/shorts/{short}/reaction", token=other, json={"type": "like"})
    comment = api.post(f"/shorts/{short}/comments", token=other, json={"text": "여기 어디예요?"}).json()["id"]
    api.post(f"/shorts/{short}/comments", token=customer, json={"text": "한강", "parent_id": comment})
    api.get(f"/shorts/{short}/comments")
    api.get(f"/shorts/{short}/comments", token=other, params={"parent": comment})
    api.put(f"/shorts/channels/{customer.id}/subscription", token=other)
    api.get(f"/shorts/channels/{customer.id}")
    api.get(f"/shorts/channels/{customer.id}/shorts", params={"sort": "popular"})
    for name in ("overview", "uploads", "liked", "commented", "subscriptions"):
        api.get(f"/shorts/me/{name}", token=other)
    api.get("/shorts/me/subscribers", token=customer)
    api.delete(f"/shorts/comments/{comment}", token=other)
    api.delete(f"/shorts/channels/{customer.id}/subscription", token=other)
    api.patch(f"/shorts/{short}", token=customer, json={"title": "한강의 밤"})
    api.post(f"/shorts/{short}/report", token=other, json={"reason": "spam"})
    api.get("/shorts/reports", token=admin)
    api.post(f"/shorts/{short}/hide", token=admin, json={"reason": "spam"})
    api.post(f"/shorts/{short}/unhide", token=admin)
    api.delete(f"/shorts/{short}", token=customer)
