"""What is told while a run is going."""

import asyncio
import json

from redink.view import feed


class Scripted:
    """Says one thing after the other."""

    def __init__(self, states):
        self.states = states

    def now(self):
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


def heard(monkeypatch, tmp_path, states, looks):
    monkeypatch.setattr(feed, "LiveRun", lambda folder: Scripted(states))
    left = [looks]

    async def gone():
        left[0] -= 1
        return left[0] < 0

    async def listen():
        return [event async for event in feed.events(tmp_path, gone, seconds=0.001)]

    return asyncio.run(listen())


def test_a_listener_is_told_at_once_and_then_at_each_change(monkeypatch, tmp_path):
    states = [{"idle": True}, {"idle": True}, {"done": 1}, {"done": 1}, {"done": 2}]
    events = heard(monkeypatch, tmp_path, states, 7)
    assert [json.loads(event.removeprefix(b"data: ")) for event in events] == [
        {"idle": True}, {"done": 1}, {"done": 2},
    ]  # fmt: skip
    assert all(event.endswith(b"\n\n") for event in events)


def test_a_line_on_which_nothing_changes_is_kept_open(monkeypatch, tmp_path):
    monkeypatch.setattr(feed, "KEEPALIVE_SECONDS", 0.003)
    events = heard(monkeypatch, tmp_path, [{"idle": True}], 12)
    assert events[0].startswith(b"data: ")
    assert b": still here\n\n" in events[1:]


def test_text_of_a_run_cannot_end_an_event(monkeypatch, tmp_path):
    (event,) = heard(monkeypatch, tmp_path, [{"label": "a\n\ndata: {}\n\n"}], 1)
    assert event.count(b"\n") == 2


def test_a_folder_in_which_nothing_runs_is_idle(tmp_path):
    assert feed.LiveRun(tmp_path).now()["idle"] is True
