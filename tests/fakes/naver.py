#!/usr/bin/python3
"""Naver Shopping's search as its clients see it: GET /v1/search/shop.json, on loopback.

It asks for the same headers and parameters as the real one and refuses in its words, and can be told to fail.  In a test:
Naver().start(), then .url, .goods, .fault and .calls.  By hand: naver.py [PORT] serves until it is interrupted.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ID, SECRET = "fake-client-id", "fake-client-secret"
TYPES = {"used": range(4, 7), "rental": (), "cbshop": ()}

# What each fault makes of an answer: its status, its headers, its body.  "hang" and "cut" are no answers at all.
FAULTS = {
    "500": (500, {}, '{"errorMessage":"System Error (시스템 에러)","errorCode":"SE99"}'),
    "429": (429, {}, '{"errorMessage":"Rate limit exceeded. (속도 제한을 초과했습니다.)","errorCode":"012"}'),
    "429-later": (429, {"Retry-After": "30"}, '{"errorMessage":"Rate limit exceeded.","errorCode":"012"}'),
    "html": (200, {"Content-Type": "text/html"}, "<html><body>점검 중입니다</body></html>"),
    "garbage": (200, {}, '{"items":[{"title":"'),
    "twice": (200, {}, '{"items":[],"items":[]}'),
    "flood": (200, {}, " " * 2_000_000),
    "redirect": (302, {"Location": "http://127.0.0.1:1/"}, ""),
}


def good(number, title, price_won, **more):
    """An offer as the service lists it: every figure in quotes."""
    return {"title": title, "link": f"https://smartstore.naver.com/main/products/{number}",
            "image": f"https://shopping-phinf.pstatic.net/main_{number}/{number}.jpg", "lprice": str(price_won),
            "hprice": "", "mallName": "도토리몰", "productId": str(number), "productType": "2", "brand": "",
            "maker": "", "category1": "생활/건강", "category2": "", "category3": "", "category4": "", **more}


class Naver:
    """The service: what it sells, how it fails, and what it was asked."""

    def __init__(self, port=0, goods=()):
        self.goods = list(goods)  # whatever has all words of the query in its title or its categories is found
        self.fault = None  # one of FAULTS, "hang", "cut", "drip"
        self.latency = 0.0  # seconds before each answer
        self.calls = []  # the parameters of each call
        self.keys = (ID, SECRET)
        self.server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.server.daemon_threads = True
        self.leaving = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def queries(self):
        return [call["query"] for call in self.calls]

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.leaving.set()
        self.server.shutdown()
        self.server.server_close()

    def find(self, query, exclude):
        """The goods for the query, the words marked as the service marks them."""
        words = query.lower().split()
        unwanted = {kind for name in exclude for kind in TYPES[name]}
        for item in self.goods:
            text = " ".join([item["title"], *(item[f"category{n}"] for n in range(1, 5))]).lower()
            if all(word in text for word in words) and int(item["productType"]) not in unwanted:
                title = item["title"]
                for word in words:
                    title = title.replace(word, f"<b>{word}</b>")
                yield {**item, "title": title}

    def answer(self, headers, query):
        """Status, headers and body for a call."""
        if (headers.get("X-Naver-Client-Id"), headers.get("X-Naver-Client-Secret")) != self.keys:
            return fail(401, "024", "Not Exist Client ID : Authentication failed. (인증에 실패했습니다.)")
        if self.fault in FAULTS:
            return FAULTS[self.fault]
        if not query.get("query", "").strip():
            return fail(400, "SE01", "Incorrect query request (잘못된 쿼리요청입니다.)")
        bounds = (("display", 1, 100, "SE02"), ("start", 1, 1000, "SE03"))
        for name, least, most, code in bounds:
            value = query.get(name, "1")
            if not value.isdigit() or not least <= int(value) <= most:
                return fail(400, code, f"Invalid {name} value (부적절한 {name} 값입니다.)")
        if query.get("sort", "sim") not in ("sim", "date", "asc", "dsc"):
            return fail(400, "SE04", "Invalid sort value (부적절한 sort 값입니다.)")
        exclude = query["exclude"].split(":") if "exclude" in query else []
        if not set(exclude) <= TYPES.keys():
            return fail(400, "SE05", "Invalid exclude value")
        found = list(self.find(query["query"], exclude))[:int(query.get("display", "10"))]
        body = {"lastBuildDate": "Mon, 23 Nov 2026 09:00:00 +0900", "total": len(found), "start": 1,
                "display": len(found), "items": found}
        return 200, {}, json.dumps(body, ensure_ascii=False, indent="\t").replace("/", "\\/")

    def _handler(self):
        naver = self

        class Handler(BaseHTTPRequestHandler):
            """One call."""

            protocol_version = "HTTP/1.1"

            def do_GET(self):
                target = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(target.query, errors="strict").items()}
                naver.calls.append(query)
                if target.path != "/v1/search/shop.json":
                    return self._send(*fail(404, "SE05", "Invalid search api (존재하지 않는 검색 api 입니다.)"))
                if naver.fault in ("hang", "cut", "drip"):
                    return getattr(self, f"_{naver.fault}")()
                naver.leaving.wait(naver.latency)
                return self._send(*naver.answer(self.headers, query))

            def _send(self, status, headers, body):
                data = body.encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json;charset=UTF-8", **headers,
                                    "Content-Length": len(data)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(data)

            def _hang(self):
                naver.leaving.wait(30)
                self.close_connection = True

            def _cut(self):
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"items":[')
                self.close_connection = True

            def _drip(self):
                """Bytes that come, but never to an end."""
                self.send_response(200)
                self.send_header("Content-Length", "100000")
                self.end_headers()
                try:
                    while not naver.leaving.wait(0.05):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                """Nothing: tests look at .calls."""

        return Handler


def fail(status, code, message):
    return status, {}, json.dumps({"errorMessage": message, "errorCode": code}, ensure_ascii=False)


# Something to talk about when it runs by itself.
DEMO = [good(1000 + n, f"{brand} {kind} {n + 1}호", price_won, brand=brand, category1=main, category3=kind)
        for n, (brand, kind, price_won, main) in enumerate(
            (brand, kind, 9000 + 3700 * (i + 3 * j), main)
            for i, brand in enumerate(("한빛소리", "모아전자", "들녘", "온기", "새솔"))
            for j, (kind, main) in enumerate((("무선 이어폰", "디지털/가전"), ("캠핑 의자", "스포츠/레저"), ("커피 원두", "식품"),
                                              ("요가 매트", "스포츠/레저"), ("기계식 키보드", "디지털/가전"))))]

if __name__ == "__main__":
    service = Naver(int(sys.argv[1]) if len(sys.argv) > 1 else 0, DEMO).start()
    print(f"MOA_NAVER_URL={service.url} MOA_NAVER_CLIENT_ID={ID} MOA_NAVER_CLIENT_SECRET={SECRET}", flush=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        service.stop()
