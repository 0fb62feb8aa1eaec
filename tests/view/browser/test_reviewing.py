"""Mending verdicts by keys alone, and seeing them kept."""

import json

from tests.view.browser.small_run import COUNT
from tests.view.browser.test_reading import hash_of, ready, texts


def edits_of(viewer):
    return [
        json.loads(line)
        for path in viewer.folder.glob("critiques-*/edits.jsonl")
        for line in path.read_text().splitlines()
    ]


def pressed(page, verdict):
    page.locator(f"#give-{verdict}[aria-pressed=true]").wait_for()


def open_by_keys(page):
    """From the overview to the first suspicious critique, without a mouse."""
    ready(page)
    page.keyboard.press("2")
    page.locator("h1", has_text="critiques").wait_for()
    ready(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator(".dock").wait_for()
    return ready(page)


def test_a_verdict_given_by_key_is_kept_and_undone(new_viewer, open_page):
    page = open_by_keys(open_page(new_viewer.address))
    assert "disagrees with the grader" in texts(page)
    assert "0 of 60" in page.locator("#review").inner_text()
    page.keyboard.press("w")
    pressed(page, "wrong")
    page.locator("#review", has_text=f"1 of {COUNT}").wait_for()
    page.reload()
    pressed(page, "wrong")
    assert "right → wrong" in texts(page)
    page.keyboard.press("z")
    page.locator("#review", has_text=f"0 of {COUNT}").wait_for()
    assert page.locator("[aria-pressed=true]").count() == 0
    assert [edit["new"] for edit in edits_of(new_viewer)] == ["wrong", "right"]
    assert {edit["author"] for edit in edits_of(new_viewer)} == {"ada"}


def test_a_note_goes_with_the_verdict(new_viewer, open_page):
    page = open_by_keys(open_page(new_viewer.address))
    page.keyboard.press("n")
    page.keyboard.type("c, w and u are letters here")
    page.keyboard.press("Enter")
    page.keyboard.press("u")
    pressed(page, "unsure")
    page.locator(".history", has_text="c, w and u are letters here").wait_for()
    assert [(edit["new"], edit["reason"]) for edit in edits_of(new_viewer)] == [
        ("unsure", "c, w and u are letters here")
    ]


def test_keys_step_through_a_filtered_list_that_verdicts_change(new_viewer, open_page):
    page = ready(open_page(f"{new_viewer.address}#/rows/critiques?edited=false&sort=order"))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("h1", has_text=f"1 of {COUNT}").wait_for()
    seen = []
    for number in range(1, 4):
        page.locator("h1", has_text=f"{number} of {COUNT}").wait_for()
        ready(page)
        seen.append(page.locator(".side.ink").inner_text().split("Draft ")[1].split(".")[0])
        page.keyboard.press("c")
        pressed(page, "right")
        page.keyboard.press("j")
    assert seen == ["0", "1", "2"]
    page.keyboard.press("k")
    page.keyboard.press("b")
    page.locator("p.count", has_text=f"{COUNT - 3} of {COUNT}").wait_for()


def test_d_shows_disagreements_only(new_viewer, open_page):
    page = ready(open_page(f"{new_viewer.address}#/rows/critiques"))
    page.keyboard.press("d")
    page.locator("p.count", has_text=f"1 of {COUNT}").wait_for()
    assert "agrees=false" in hash_of(page)
    page.keyboard.press("d")
    page.locator("p.count", has_text=f"{COUNT} of {COUNT}").wait_for()


def test_two_reviewers_see_both_verdicts(new_viewer, open_page):
    pages = [open_by_keys(open_page(new_viewer.address)) for _ in range(2)]
    for page, name, key in zip(pages, ("ben", "cleo"), "wu", strict=True):
        page.keyboard.press("n")
        page.locator("#author").fill(name)
        page.keyboard.press("Escape")
        page.keyboard.press(key)
        page.locator(".history", has_text=name).wait_for()
    assert [edit["author"] for edit in edits_of(new_viewer)] == ["ben", "cleo"]
    pages[0].reload()
    pages[0].locator(".history", has_text="ben").filter(has_text="cleo").wait_for()


def test_help_names_the_keys_and_escape_closes_it(viewer, open_page):
    page = open_by_keys(open_page(viewer.address))
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.wait_for()
    for words in ("next", "verdict: right", "note", "disagreements only", "help"):
        assert words in dialog.inner_text()
    page.keyboard.press("c")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert edits_of(viewer) == []


def test_keys_can_be_switched_off(viewer, open_page):
    page = open_by_keys(open_page(viewer.address))
    page.keyboard.press("?")
    page.get_by_label("Single keys act").uncheck()
    page.keyboard.press("Escape")
    before = hash_of(page)
    page.keyboard.press("j")
    page.keyboard.press("w")
    page.wait_for_timeout(200)
    assert hash_of(page) == before
    assert edits_of(viewer) == []


def test_everything_that_acts_is_reached_with_tab_and_shows_it(viewer, open_page):
    page = open_by_keys(open_page(viewer.address))
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        name, ring = page.evaluate(
            "[document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert ring != "none" or not name, name
        reached.add(name)
    wanted = {"to-overview", "to-rows", "to-compare", "to-live", "ask-help", "previous", "next"}
    assert wanted | {"give-right", "give-wrong", "give-unsure", "write-note", "undo"} <= reached
