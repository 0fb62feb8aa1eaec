"""Example rows show each label where it is learned: at its own step's end, and at no other."""

import pytest

from redink.models.loading import load_tokenizer
from redink.models.resolve import resolve_model
from redink.scoring.batches import EncodedRow
from redink.scoring.labelled import labelled_rows
from redink.scoring.marks import SHOWN, Piece, coloured, label_text, pieces
from redink.scoring.preflight import scorer_flight
from tests.scoring.cued import cued_step_labels


@pytest.fixture(scope="module")
def tokenizer(tiny_student):
    return load_tokenizer(resolve_model(tiny_student))


def test_pieces_are_the_row_cut_behind_every_labelled_token(tokenizer):
    flight = scorer_flight(labelled_rows([cued_step_labels(8)], "sorm"), tokenizer, 512)
    for row in flight.rows:
        found = pieces(row, tokenizer)
        assert [piece.target for piece in found] == list(row.targets)
        assert "".join(piece.text + piece.at for piece in found) == tokenizer.decode(row.ids)
        for piece in found:
            assert piece.at == "\n"
            assert piece.text.endswith("is wrong." if piece.target == 0 else "is fine.")


def test_an_outcome_stands_at_the_last_step_alone(tokenizer):
    flight = scorer_flight(labelled_rows([cued_step_labels(4)], "orm"), tokenizer, 512)
    found = pieces(flight.rows[1], tokenizer)
    assert [piece.target for piece in found] == [0.0]
    assert found[0].text.count("Step") == 3


def test_what_stands_behind_the_last_label_is_shown_without_one(tokenizer):
    ids = tuple(tokenizer("12 + 34", add_special_tokens=False)["input_ids"])
    found = pieces(EncodedRow(ids, (0,), (0.25,)), tokenizer)
    assert [piece.target for piece in found] == [0.25, None]
    assert "".join(piece.text + piece.at for piece in found) == "12 + 34"


def test_labels_have_their_colours_and_text_is_never_obeyed():
    parts = [
        Piece("one[red]\x1b[31m", "\n", 1.0),
        Piece("two", "\n", 0.0),
        Piece("three", "\n", 0.375),
        Piece("x" * 3 * SHOWN),
    ]
    shown = coloured(parts)
    assert shown.plain.startswith("one[red]\\x1b[31m ⟦right⟧\ntwo ⟦wrong⟧\nthree ⟦0.38⟧\nxxx")
    assert f"{2 * SHOWN:,} characters left out" in shown.plain
    styles = {shown.plain[span.start : span.end]: span.style for span in shown.spans}
    assert styles[" ⟦right⟧"] == "bold green"
    assert styles[" ⟦wrong⟧"] == "bold red"
    assert styles[" ⟦0.38⟧"] == "bold yellow"
    assert label_text(0.5) == "0.50"
