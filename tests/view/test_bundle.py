"""A copy to read: one file, nothing asked for, nothing let out of its data."""

import base64
import hashlib
import json
import re

import pytest

from redink.errors import DataError, UsageError
from redink.view.app import static_files
from redink.view.bundle import bundle_page, write_bundle
from redink.view.linking import link
from redink.view.run import ViewedRun
from tests.view.conftest import HOSTILE

PAGE = (
    '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/static/view.css">'
    '<script type="module" src="/static/main.js"></script><main></main>'
)
STATIC = {
    "index.html": PAGE.encode(),
    "view.css": b"main { color: red }",
    "main.js": b'import { say } from "./say.js";\nsay();\n',
    "say.js": b'export function say() { return "</script>"; }\n',
}


@pytest.fixture
def made(run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("redink.view.bundle.static_files", lambda: STATIC)

    def make(**settings):
        out = tmp_path / "out.html"
        told = write_bundle(ViewedRun(run_folder), out, **settings)
        page = out.read_text()
        data = re.search(r'<script type="application/json" id="answers">(.*?)</script>', page)
        return told, page, json.loads(data[1])

    return make


def test_a_bundle_holds_the_answers_that_its_page_asks_for(made):
    told, _, answers = made()
    assert answers["/api/run"]["bundle"] is True
    assert answers["/api/run"]["writable"] is False
    rows = answers["/api/rows/critiques"]
    assert (rows["total"], rows["left_out"], len(rows["rows"])) == (12, 0, 12)
    assert rows["rows"][0]["id"] == "c002"
    for row in rows["rows"]:
        assert answers[f"/api/item/critiques/{row['id']}"]["id"] == row["id"]
    pairs = answers["/api/compare/scores?a=sft&b=cft"]
    assert pairs["counts"]["b"] == 4
    for row in pairs["rows"]:
        assert f"/api/compare/scores/{row['problem_id']}?a=sft&b=cft" in answers
    assert told.rows == 12 + 36
    assert told.pairs == len(pairs["rows"])


def test_a_bundle_holds_only_what_was_chosen_and_says_what_it_left_out(made):
    told, _, answers = made(stages=["critiques"], filters={"agrees": ["false"]})
    assert [row["id"] for row in answers["/api/rows/critiques"]["rows"]] == ["c002", "c007"]
    assert "/api/rows/scores" not in answers
    assert told.left_out == 10
    assert "10 more rows" in answers["/api/run"]["note"]
    kinds = {stage["name"]: stage["kind"] for stage in answers["/api/run"]["stages"]}
    assert kinds["critiques"] == "critiques"
    assert kinds["scores"] is None


def test_rows_above_the_limit_are_left_out_suspicious_ones_last(made):
    _, _, answers = made(stages=["critiques"], limit=3)
    assert [row["id"] for row in answers["/api/rows/critiques"]["rows"]] == ["c002", "c007", "c005"]


def test_no_text_leaves_the_data_and_nothing_is_asked_for(made):
    _, page, answers = made()
    assert HOSTILE[:25] not in page
    assert page.count("</script>") == 2
    assert "\u2028" not in page
    assert 'src="' not in page
    assert "href=" not in page
    assert answers["/api/item/critiques/c000"]["critique"]["text"].startswith(HOSTILE[:25])


def test_the_policy_allows_the_pages_own_script_and_style_alone(made):
    _, page, _ = made(stages=["critiques"])
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    script = re.search(r'<script type="module">(.*?)</script>', page, re.DOTALL)[1]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    for text in (script, style):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_an_unknown_stage_is_refused(made):
    with pytest.raises(UsageError, match="critiques"):
        made(stages=["nothing"])


def test_the_front_end_that_ships_can_be_bundled():
    static = static_files()
    if "index.html" not in static or "view.css" not in static:
        pytest.skip("the front end is not whole yet")
    page = bundle_page(static, {"/api/run": {}})
    assert "/static/" not in page.split('<script type="module">')[0]
    assert not re.search(r"^(import|export)\b", page, re.MULTILINE)


def test_modules_become_one_script_in_the_order_of_their_imports():
    script = link(
        {
            "a.js": 'import { b as two } from "./b.js";\nimport * as all from "./c.js";\ntwo(all);',
            "b.js": 'import {\n  c,\n} from "./c.js";\nexport const b = c;\nexport { b as other };',
            "c.js": "export async function c() {}\nexport class D {}",
        },
        "a.js",
    )
    assert script.index("async function c") < script.index("const b = c") < script.index("two(all)")
    assert "return { c, D };" in script
    assert "const { c } = module_0;" in script
    assert "return { b, other: b };" in script
    assert "const { b: two } = module_1;" in script
    assert "const all = module_0;" in script


@pytest.mark.parametrize(
    "modules",
    [
        {"a.js": 'import "./b.js";', "b.js": 'import "./a.js";'},
        {"a.js": 'import { x } from "./missing.js";'},
        {"a.js": "export default 7;"},
        {"a.js": 'import x from "./a.js";'},
        {"a.js": 'import { x } from "https://example.org/x.js";'},
    ],
    ids=["circle", "missing", "default", "whole", "elsewhere"],
)
def test_what_cannot_be_linked_is_refused(modules):
    with pytest.raises(DataError, match=r"a\.js"):
        link(modules, "a.js")
