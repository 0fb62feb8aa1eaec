"""Keys go to their own hosts alone and are shown nowhere."""

import logging

import pytest

from redink.engines.endpoint.address import Address, check_endpoint, is_endpoint, redact
from redink.errors import ModelError, UsageError

from .conftest import SAMPLING, collected, conversations, reply

SECRET = "zq7-Very.Secret/Key_0123456789"


@pytest.mark.parametrize(
    ("name", "model", "url"),
    [
        ("endpoint:m@http://127.0.0.1:8000/v1", "m", "http://127.0.0.1:8000/v1"),
        ("endpoint:a/b@c@https://host.example/v1/", "a/b@c", "https://host.example/v1"),
        (
            "endpoint:x@https://h.example/v1/chat/completions",
            "x",
            "https://h.example/v1",
        ),
        ("endpoint:x@http://one@http://[::1]:80", "x@http://one", "http://[::1]:80"),
    ],
)
def test_names_are_split_at_the_last_url(name, model, url):
    address = Address.parse(name)
    assert (address.model, address.url) == (model, url)
    assert Address.parse(address.name) == address


@pytest.mark.parametrize(
    "name",
    [
        "endpoint:m",
        "endpoint:@http://h/v1",
        "endpoint:m@ftp://h/v1",
        "endpoint:m@http:///v1",
        "endpoint:m@http://user:hush@h/v1",
        "endpoint:m@http://h/v1?key=1",
        "endpoint:m@http://h:port/v1",
        "endpoint:m@http://[::1/v1",
    ],
)
def test_names_that_are_no_endpoints_are_refused(name):
    with pytest.raises(UsageError, match="write endpoint:MODEL@URL") as caught:
        Address.parse(name)
    assert "hush" not in str(caught.value)


def test_names_are_told_from_models_and_folders(tmp_path):
    assert is_endpoint("endpoint:m@http://h/v1")
    assert not is_endpoint("smollm2-135m")
    assert not is_endpoint(tmp_path)


def test_each_host_has_its_own_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai-key-1")
    own = Address("m", "https://api.openai.com/v1")
    other = Address("m", "https://api.openai.com.example.org/v1")
    here = Address("m", "http://127.0.0.1:8000/v1")
    assert own.key() == "sk-openai-key-1"
    assert other.key() is None
    assert here.key() is None
    with pytest.raises(UsageError, match="is not sent to 127"):
        here.key("OPENAI_API_KEY")
    monkeypatch.setenv("REDINK_API_KEY", "common-key-1")
    assert own.key() == "sk-openai-key-1"
    assert other.key() == here.key() == "common-key-1"
    assert here.key("") is None
    monkeypatch.setenv("OWN_KEY", "third-key-1")
    assert here.key("OWN_KEY") == "third-key-1"


def test_a_missing_key_is_named(monkeypatch):
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        Address("m", "https://api.openai.com/v1").key()
    with pytest.raises(UsageError, match="OWN_KEY"):
        Address("m", "http://127.0.0.1:1/v1").key("OWN_KEY")
    monkeypatch.setenv("REDINK_API_KEY", "two words")
    with pytest.raises(UsageError, match="REDINK_API_KEY"):
        Address("m", "http://127.0.0.1:1/v1").key()


def test_no_key_travels_unencrypted(monkeypatch):
    monkeypatch.setenv("REDINK_API_KEY", SECRET)
    for host in ("localhost", "127.0.0.1", "127.8.8.8", "[::1]"):
        assert Address("m", f"http://{host}:1/v1").key() == SECRET
    for host in ("10.0.0.1", "localhost.example.org", "127.0.0.1.example.org"):
        with pytest.raises(UsageError, match="unencrypted"):
            Address("m", f"http://{host}:1/v1").key()


def test_keys_are_redacted_whole_and_by_their_looks(monkeypatch):
    monkeypatch.setenv("REDINK_API_KEY", SECRET)
    text = f"bad key {SECRET}, sk-proj-abc***xyz, Bearer abc.def 'Bearer q', gsk_1234567890"
    assert redact(text) == "bad key [key], [key], [key] '[key]', [key]"
    harmless = "a bearer of news asks: risk-free? hf models, sketch it"
    assert redact("task-1 mask-2 desk-lamp") == "task-1 mask-2 desk-lamp"
    assert "sketch it" in redact(harmless)


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_no_message_failure_or_log_shows_a_key(scripted, engine, monkeypatch, caplog, status):
    monkeypatch.setenv("REDINK_API_KEY", SECRET)
    caplog.set_level(logging.DEBUG)
    said = f"Incorrect API key provided: {SECRET} ({'x' * 230} {SECRET})"
    error = {"error": {"message": said, "code": "insufficient_quota"}}
    served = scripted(lambda *_: (status, error, {}))
    results, raised = collected(engine(served.url, tries=2).complete(conversations(2), SAMPLING))
    shown = f"{results} {raised} {caplog.text}"
    assert "[key]" in shown
    assert SECRET not in shown
    assert SECRET[:12] not in shown
    assert served.requests[0][2]["Authorization"] == f"Bearer {SECRET}"


def test_a_check_costs_nothing_and_says_what_is_wrong(scripted, monkeypatch):
    served = scripted(lambda *_: {})
    check_endpoint(f"endpoint:m@{served.url}")
    assert [path for path, _, _ in served.requests] == ["/v1/models"]
    check_endpoint(f"endpoint:m@{scripted(lambda *_: (404, {}, {})).url}")
    refusing = scripted(lambda *_: (401, reply(), {}))
    with pytest.raises(ModelError, match="REDINK_API_KEY"):
        check_endpoint(f"endpoint:m@{refusing.url}")
    with pytest.raises(ModelError, match="redirect"):
        check_endpoint(f"endpoint:m@{scripted(lambda *_: (302, {}, {})).url}")
    with pytest.raises(ModelError, match="does not answer"):
        check_endpoint("endpoint:m@http://127.0.0.1:9/v1")
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        check_endpoint("endpoint:m@https://api.openai.com/v1")
