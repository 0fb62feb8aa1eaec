"""Who may ask and who may write."""

import socket

import pytest

from redink.errors import UsageError
from redink.view.serving import is_loopback, open_port
from tests.view.conftest import client_of, posted

BODY = {"stage": "critiques", "id": "c001", "new": "right"}
TOKEN = "a-long-secret-token"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8642", "localhost:8642", "localhost", "[::1]:8642", "LOCALHOST:1"]
)
def test_the_server_answers_to_its_own_names(client, host):
    assert client.get("/api/run", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8642", "127.0.0.1.evil.example", "", "localhost.evil:1",
             "[::2]:8642", "192.168.0.1:8642"]
)  # fmt: skip
def test_a_name_that_was_made_to_point_here_is_refused(client, host):
    assert client.get("/api/run", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8642", ""]
)
def test_requests_of_other_origins_are_refused(run_folder, client, origin):
    assert client.get("/api/run", headers={"Origin": origin}).status_code == 403
    assert posted(client, "/api/edits", BODY, origin=origin).status_code == 403
    assert not list(run_folder.glob("*/edits.jsonl"))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_browser_marks_as_of_another_site_is_refused(client, site):
    assert client.get("/api/run", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert posted(client, "/api/edits", BODY, **{"Sec-Fetch-Site": site}).status_code == 403
    assert client.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200


def test_a_write_needs_an_origin_and_json(run_folder, client):
    assert client.post("/api/edits", json=BODY).status_code == 403
    own = {"Origin": "http://127.0.0.1:8642"}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        reply = client.post("/api/edits", content=b"{}", headers={**own, "Content-Type": kind})
        assert reply.status_code == 415
    assert client.put("/api/edits", json=BODY, headers=own).status_code == 405
    assert client.get("/api/edits").status_code == 405
    assert not list(run_folder.glob("*/edits.jsonl"))


def test_a_write_of_any_size_is_refused(client):
    assert posted(client, "/api/edits", {**BODY, "reason": "x" * 70_000}).status_code == 413


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/..\\app.py",
     "/static//etc/passwd", "/static/", "/static/app.py", "/static/index.html", "/../run.json",
     "/api/rows/..%2f..%2fetc", "/api/item/critiques/..%2f..%2frun.json", "/run.json", "/api",
     "/static/view.css%00.js"],
)  # fmt: skip
def test_no_path_leads_out_of_the_front_end(client, path):
    reply = client.get(path)
    assert reply.status_code in (400, 404)
    assert "recipe_text" not in reply.text


def test_every_answer_tells_the_browser_to_be_strict(client):
    for path in ("/", "/api/run", "/nothing", "/api/rows/no"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers


def test_with_a_token_nothing_is_told_without_it(run_folder):
    client = client_of(run_folder, token=TOKEN, hosts=None)
    for path in ("/", "/api/run", "/static/view.css", "/api/live", "/?token=wrong", "/?token="):
        assert client.get(path).status_code == 401
    assert posted(client, "/api/edits", BODY).status_code == 401
    assert client.get("/api/run", headers={"X-Redink-Token": TOKEN}).status_code == 200
    assert posted(client, "/api/edits", BODY, **{"X-Redink-Token": TOKEN}).status_code == 200


def test_the_page_that_was_opened_with_the_token_need_not_name_it_again(run_folder):
    client = client_of(run_folder, token=TOKEN, hosts=None)
    reply = client.get(f"/?token={TOKEN}")
    assert reply.status_code == 200
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert client.get("/api/run").status_code == 200
    assert posted(client, "/api/edits", BODY, origin="http://evil.example").status_code == 403


def test_any_name_will_do_with_a_token_but_origins_are_still_checked(run_folder):
    client = client_of(run_folder, base_url="http://machine.local:9", token=TOKEN, hosts=None)
    headers = {"X-Redink-Token": TOKEN}
    assert client.get("/api/run", headers=headers).status_code == 200
    origin = {"Origin": "http://other.local"}
    assert client.get("/api/run", headers={**headers, **origin}).status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org"])
def test_other_machines_are_let_in_only_with_a_token(host):
    with pytest.raises(UsageError, match="--token auto"):
        open_port(host, 0, None)
    assert not is_loopback(host)


@pytest.mark.parametrize("token", ["short", "with spaces in it", "semi;colon-token", ""])
def test_a_weak_token_is_refused(token):
    with pytest.raises(UsageError, match="--token"):
        open_port("127.0.0.1", 0, token)


def test_a_port_that_is_taken_is_named_unless_any_will_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=str(port)):
            open_port("127.0.0.1", port, None)
    opened = open_port("127.0.0.1", 0, TOKEN)
    with opened.socket:
        assert opened.address.endswith(f"/?token={TOKEN}")
        assert opened.socket.getsockname()[0] == "127.0.0.1"
