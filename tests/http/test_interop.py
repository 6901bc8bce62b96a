"""Programs of others against ours: jose from npm takes our tokens and key set, and forges some; openai-mock-api is the model."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
import requests
from nacl.secret import SecretBox
from nacl.signing import SigningKey

from moa import free_port
from nodes import node, node_place
from servers import end, spawn, until
from talk import Talk

SIGNING_SEAL = 4  # number of the key derived from the secret, in cgi-bin/auth/auth.h


def derive(secret, number):
    """crypto_kdf_derive_from_key(number, "moa-auth")."""
    return hashlib.blake2b(key=secret, salt=number.to_bytes(16, "little"), person=b"moa-auth", digest_size=32).digest()


@pytest.fixture(scope="module")
def signing_key(system, postgres, secret):
    """The private JWK of the key in use, opened as only auth can."""
    [(kid, sealed)] = postgres.query(
        "SELECT kid, sealed_seed FROM auth.signing_key WHERE retired_at IS NULL AND active_from <= now()"
        " ORDER BY active_from DESC LIMIT 1")
    box = SecretBox(derive(bytes.fromhex(Path(secret).read_text().strip()), SIGNING_SEAL))
    seed = box.decrypt(bytes(sealed))
    public = bytes(SigningKey(seed).verify_key)

    def text(octets):
        return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "d": text(seed), "x": text(public)}


def test_jose(system, signing_key):
    printed = node("node", "--test", "--test-reporter=tap", "jose.test.mjs",
                   env={"MOA_URL": system.url, "MOA_SIGNING_KEY": json.dumps(signing_key)})
    assert "# fail 0" in printed and "# skipped 0" in printed, printed


NOTHING = {"fits": True, "mood": None, "interests": [], "budget_won": None, "colour": None, "wants": "none", "unwanted": [],
           "picks": []}
# What the mock answers to which message, and where that leads.
CANNED = (
    ("오늘은 파김치가 됐어요", {**NOTHING, "mood": "tired", "reply": "많이 애쓰셨네요. 요즘은 무엇에 관심이 있으세요?"}, "hobby_check"),
    ("캠핑 좋아해요", {**NOTHING, "reply": "바깥바람 좋지요! 어울리는 걸 찾아 드릴까요, 아니면 소비 리포트를 볼까요?"}, "choose"),
    ("추천해 주세요", {**NOTHING, "picks": ["p2", "p1"], "reply": "캠핑에 어울리는 것으로 골랐어요. 마음에 드는 게 있으세요?"},
     "recommendation"),
)


@pytest.fixture
def mock(place):
    """openai-mock-api as it comes, with our answers: the environment of a program that is to use it as its model."""
    def answered(number, message, answer):
        return {"id": f"turn {number}", "messages": [
            {"role": "system", "matcher": "any"},
            {"role": "user", "matcher": "contains", "content": f'"customer_message":"{message}'},
            {"role": "assistant", "content": json.dumps(answer, ensure_ascii=False)}]}

    config, port = place / "openai-mock-api.yaml", free_port()
    turns = [answered(number, message, answer) for number, (message, answer, _) in enumerate(CANNED)]
    config.write_text(json.dumps({"apiKey": "mock-key", "responses": turns}))  # JSON is YAML
    process = spawn(["node", node_place() / "node_modules/openai-mock-api/dist/cli.js", "-c", config, "-p", port],
                    place / "openai-mock-api.log")
    until(lambda: requests.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200, "the mock to listen", 60)
    yield {"MOA_LLM_URL": f"http://127.0.0.1:{port}/v1", "MOA_LLM_KEY": "mock-key", "MOA_LLM_MODEL": "gpt-4"}
    end(process)


def test_a_conversation_with_a_model_of_others(make_system, mock):
    api = make_system(env=mock).api
    talk = Talk(api, api.register(), "ko")
    for message, answer, state in CANNED:
        turn = talk.say(message)
        assert (turn["engine"], turn["reply"], turn["state"]) == ("llm", answer["reply"], state)
    assert len(turn["products"]) == 3
    # What it was not told to answer is refused by the mock, and answered by the house.
    assert talk.say("조금 더 저렴한 걸로 보여 주세요")["engine"] == "house"


def test_a_model_that_knows_another_key(make_system, mock):
    api = make_system(env={**mock, "MOA_LLM_KEY": "wrong"}).api
    assert Talk(api, api.register(), "ko").say(CANNED[0][0])["engine"] == "house"
