"""The page of the work that is going on: it follows a run without being loaded again."""

import json

from redink.board import BOARD, this_process
from tests.view.browser.test_reading import ready


def tell(viewer, **facts):
    """Writes the run's board as `redink run` does."""
    standing = {
        "stage": "cft", "verb": "finetune", "folder": "cft-0000000009",
        "label": "finetune critique",
        "done": 3, "total": 60, "unit": "steps", "figures": {"loss": "1.234"}, "left": 65.0,
        "started": 1795337502.8, "stages_done": 4, "stages": 6, "money": 0.12,
    }  # fmt: skip
    board = {"state": "working", **this_process(), **standing, **facts}
    (viewer.folder / BOARD).write_text(json.dumps(board))


def add_losses(viewer, first, last):
    folder = viewer.folder / "cft-0000000009"
    folder.mkdir(exist_ok=True)
    with (folder / "losses.jsonl").open("a") as stream:
        for step in range(first, last):
            stream.write(json.dumps({"step": step, "loss": 2.0 / step}) + "\n")


def test_progress_curve_and_money_follow_the_run(new_viewer, open_page):
    page = ready(open_page(f"{new_viewer.address}#/live"))
    page.get_by_text("Nothing is running").wait_for()
    add_losses(new_viewer, 1, 20)
    tell(new_viewer)
    page.get_by_text("3 of 60 steps").wait_for()
    assert "$0.12" in page.locator(".facts").inner_text()
    assert page.get_by_role("progressbar", name="Progress of cft").get_attribute("value") == "0.05"
    curve = page.get_by_role("img", name="Training loss over 19 optimizer steps")
    curve.wait_for()
    page.get_by_text("The same as a table").click()
    add_losses(new_viewer, 20, 31)
    tell(new_viewer, done=30)
    page.get_by_role("img", name="Training loss over 30 optimizer steps").wait_for()
    assert page.locator("#curve-table tbody tr").first.is_visible()
    page.locator("#running", has_text="cft 50").wait_for()
    tell(new_viewer, state="done")
    page.get_by_text("the run is done").wait_for()
    assert page.locator("#running").inner_text() == ""
