"""A conversation with the shopping assistant, for the tests."""

import uuid


class Talk:
    """talk = Talk(api, customer, "ko"); turn = talk.say("안녕")."""

    def __init__(self, api, customer, language=None):
        self.api = api
        self.customer = customer
        reply = api.post("/chat/sessions", token=customer, json={"language": language} if language else {})
        assert reply.status_code == 201, reply.text
        self.opened = reply.json()
        self.id = self.opened["id"]
        self.path = f"/chat/sessions/{self.id}"

    def send(self, text, message_id=None, token=None):
        """Send a message and return the response, whatever it is."""
        return self.api.post(f"{self.path}/messages", token=token or self.customer,
                             json={"text": text, "client_message_id": str(message_id or uuid.uuid4())})

    def answer(self, text, message_id=None):
        """Send a message until it is answered, as clients should at 503: it may come again.  Returns the response."""
        message_id = message_id or uuid.uuid4()
        replies = (self.send(text, message_id) for _ in range(5))
        reply = next((reply for reply in replies if reply.status_code != 503), None)
        assert reply is not None and reply.status_code == 200, reply and reply.text
        return reply

    def say(self, text):
        """Send a message and return its turn."""
        return self.answer(text).json()

    def follow(self, *texts):
        """Say one thing after the other and return the last turn."""
        return [self.say(text) for text in texts][-1]

    def now(self):
        return self.api.get(self.path, token=self.customer).json()

    def messages(self):
        """Everything that was said."""
        found, cursor = [], None
        while True:
            page = self.api.get(f"{self.path}/messages", token=self.customer,
                                params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
            found += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return found


def ids(turn):
    return [product["product_id"] for product in turn["products"]]


def prices(turn):
    return [product["price_won"] for product in turn["products"]]
