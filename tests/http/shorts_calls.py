"""Each of shorts' calls once, with success: for what is told of all calls."""

from clips import make_short


def shorts_calls(api, customer, admin):
    """As a customer, as another one, as an administrator, and as a guest."""
    short = make_short(api.system, customer, description="첫 #산책 #고양이")
    api.get(f"/shorts/{short}")
    api.get(f"/shorts/{short}", token=customer)
    api.post(f"/shorts/{short}/watch", token=customer, json={"playing": True})
    api.get("/shorts/feed", token=customer, params={"limit": 1, "explain": "1"})
    make_uploads(api, customer)
    assert admin


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
