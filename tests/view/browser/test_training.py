"""A reinforcement in a real browser: curves and rollouts that come while it trains."""

import json

import pytest

from redink.reinforcement.rollouts import RolloutLog
from redink.view.bundle import write_bundle
from redink.view.run import ViewedRun
from tests.chromium import PHONE
from tests.view.browser.conftest import Viewer
from tests.view.browser.test_access import serious
from tests.view.browser.test_reading import hash_of, open_first, ready, texts
from tests.view.trained_run import FOLDER, log_looks, log_steps, problem, write_trained_run

CURVES, LIST = "#/training/policy", "#/rollouts/policy"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    started = Viewer(write_trained_run(tmp_path_factory.mktemp("trained") / "run", steps=12))
    yield started
    started.stop()


@pytest.fixture
def training(tmp_path):
    """One that a test may go on with."""
    started = Viewer(write_trained_run(tmp_path / "run"))
    yield started
    started.stop()


def plot(page, title):
    return page.locator("figure.plot", has_text=title)


def count(page, text):
    page.locator("p.count", has_text=text).wait_for()


def test_curves_and_newest_rollouts_follow_a_training(training, open_page):
    page = ready(open_page(training.address))
    page.get_by_role("link", name="policy", exact=True).click()
    page.get_by_text("rloo · step 3 of 9 · 24 rollouts").wait_for()
    page.get_by_role("img", name="Divergence, nats per token").wait_for()
    page.get_by_text("The same as a table").click()
    assert "step 3" in page.locator(".listing .marks").first.inner_text()
    log_steps(training.folder / FOLDER, 4, 5)
    page.get_by_text("step 5 of 9 · 40 rollouts").wait_for()
    assert "0.0025" in plot(page, "Divergence").locator(".legend").inner_text()
    page.locator(".listing .marks", has_text="step 5").first.wait_for()
    page.locator("#steps-table tbody th", has_text="5").wait_for()
    assert page.locator("#steps-table").get_attribute("open") is not None
    log_looks(training.folder / FOLDER, (0, 0.25), (5, 0.625))
    page.get_by_text("62.5").first.wait_for()
    RolloutLog(training.folder / FOLDER).rewind(2)
    page.get_by_text("step 2 of 9 · 16 rollouts").wait_for()


def test_a_training_that_begins_is_linked_without_loading_the_page_again(training, open_page):
    place = training.folder / FOLDER
    place.rename(training.folder / "elsewhere")
    page = ready(open_page(f"{training.address}#/live"))
    assert page.locator("#to-training").count() == 0
    (training.folder / "elsewhere").rename(place)
    page.locator("#to-training").click()
    page.locator("h1", has_text="policy").wait_for()


def test_a_place_in_a_drawing_tells_its_step_and_leads_to_its_rollouts(trained, open_page):
    page = ready(open_page(trained.address + CURVES))
    chart = plot(page, "Divergence").locator("svg.chart")
    box = chart.bounding_box()
    chart.hover(position={"x": box["width"] * 0.55, "y": 40})
    assert "0.0030" in plot(page, "Divergence").locator(".legend").inner_text()
    assert "-0.6" in plot(page, "Loss").locator(".legend").inner_text().replace("\u2212", "-")
    chart.click(position={"x": box["width"] * 0.55, "y": 40})
    count(page, "8 of 96 rollouts")
    assert hash_of(page) == f"{LIST}?step=6"
    page.keyboard.press("b")
    page.locator("h1", has_text="policy").wait_for()


def test_rollouts_are_filtered_and_read_one_after_the_other(trained, open_page):
    page = ready(open_page(trained.address + LIST))
    count(page, "96 of 96 rollouts")
    page.keyboard.press("e")
    count(page, "24 of 96 rollouts")
    assert "repetition" in page.locator(".listing .marks").first.inner_text()
    page.locator("#step").fill("2-3")
    page.keyboard.press("Enter")
    count(page, "4 of 96 rollouts")
    open_first(page, "Rollout of step 3, 1 of 4")
    page.keyboard.press("j")
    page.locator("h1", has_text="2 of 4").wait_for()
    worth = page.locator(".worth").inner_text()
    assert "part format\n1.000" in worth
    assert "repetition" in worth
    assert "entropy, nats per token\n0.500" in worth
    page.locator("#to-group").click()
    count(page, "4 of 96 rollouts")
    assert problem(3).id in hash_of(page)
    page.get_by_role("button", name="Without step: 3").click()
    count(page, "16 of 96 rollouts")
    page.keyboard.press("/")
    page.keyboard.type("zebra")
    count(page, "0 of 96 rollouts")


def test_hostile_rollouts_show_as_text_and_formulas_are_typeset(trained, open_page):
    page = ready(open_page(f"{trained.address}{LIST}?step=1"))
    page.locator(".listing a").nth(2).click()
    page.locator(".dock").wait_for()
    response = page.locator(".side").first
    assert "<img src=x onerror='window.hacked = 1'>" in response.inner_text()
    assert "U+202E" in response.inner_text()
    assert response.locator("math").count() == 2
    assert page.locator("main img").count() == 0
    assert page.evaluate("window.hacked") is None


def test_new_rollouts_come_into_the_first_page_and_wait_on_a_later_one(training, open_page):
    log_steps(training.folder / FOLDER, 4, 10)
    page = ready(open_page(training.address + LIST))
    count(page, "80 of 80 rollouts")
    log_steps(training.folder / FOLDER, 11, 11)
    count(page, "88 of 88 rollouts")
    page.locator("#page-next").click()
    page.locator(".pager", has_text="51–88 of 88").wait_for()
    log_steps(training.folder / FOLDER, 12, 12)
    page.locator("#show-newer", has_text="8 newer rollouts").wait_for()
    page.locator(".pager", has_text="51–88 of 88").wait_for()
    page.locator("#show-newer").click()
    count(page, "96 of 96 rollouts")


def test_the_page_of_work_leads_to_the_curves(training, open_page):
    from redink.board import BOARD, this_process

    board = {"state": "working", **this_process(), "stage": "policy", "verb": "reinforce",
             "folder": FOLDER, "done": 3, "total": 9, "unit": "steps", "figures": {},
             "started": 1795337502.8, "stages_done": 2, "stages": 3}  # fmt: skip
    (training.folder / BOARD).write_text(json.dumps(board))
    page = ready(open_page(f"{training.address}#/live"))
    page.locator("#to-curves").click()
    page.get_by_role("progressbar", name="Progress of policy").wait_for()
    (training.folder / BOARD).write_text(json.dumps({"state": "interrupted"}))
    page.get_by_text("Not running now").wait_for()


def test_a_bundle_shows_the_curves_without_a_server(trained, tmp_path, open_page):
    write_bundle(ViewedRun(trained.folder), tmp_path / "copy.html")
    page = ready(open_page(f"{(tmp_path / 'copy.html').as_uri()}{CURVES}"))
    assert plot(page, "Entropy").count() == 1
    assert "step 12 of 9" in texts(page)
    assert page.locator("#all-rollouts").count() == 0


@pytest.mark.parametrize("where", [CURVES, LIST, f"{LIST}?fault=repetition"])
def test_nothing_scrolls_sideways_on_a_phone(trained, open_page, where):
    page = ready(open_page(trained.address + where, size=PHONE))
    page.locator("h1").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(trained, open_page, scheme):
    page = ready(open_page(trained.address, scheme=scheme))
    for where in (CURVES, f"{LIST}?fault=repetition&step=2-3"):
        page.evaluate("address => { location.hash = address }", where)
        page.wait_for_timeout(200)
        ready(page)
        assert (where, serious(page)) == (where, [])
    open_first(page, "Rollout")
    assert serious(page) == []
