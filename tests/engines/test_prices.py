"""Prices come from the user first, then from the table, and are never guessed."""

import json

import pytest

from redink.engines.prices import PRICES, Price, price_of
from redink.errors import DataError, UsageError


def test_a_cost_is_tokens_times_price_per_million():
    assert Price(2.5, 10.0).cost(1_000_000, 100_000) == pytest.approx(3.5)


def test_unknown_models_have_no_price():
    assert price_of("some-model") is None
    assert price_of("gpt-4o-audio-preview") is None


def test_a_snapshot_has_its_own_price_or_that_of_its_name():
    assert price_of("gpt-4o-2024-05-13") == Price(5.0, 15.0)
    assert price_of("gpt-4o-2024-11-20") == price_of("gpt-4o") == Price(2.5, 10.0)


def test_the_table_holds_prices():
    for name, (prompt, completion) in PRICES.items():
        assert 0 < prompt < completion, name


@pytest.mark.parametrize("write", [json.dumps, lambda table: f"m: {table['m']}\n"])
def test_own_prices_come_first_from_a_mapping_or_a_file(tmp_path, write):
    own = {"m": [1, 2.5]}
    path = tmp_path / "prices.yaml"
    path.write_text(write(own))
    for overrides in (own, path, str(path)):
        assert price_of("m", overrides) == Price(1.0, 2.5)
        assert price_of("gpt-4o", overrides) == Price(2.5, 10.0)
    assert price_of("gpt-4o", {"gpt-4o": (0, 0)}) == Price(0.0, 0.0)


@pytest.mark.parametrize("pair", [[1], "12", [1, "x"], None, [-1, 2], [1, float("nan")], 3])
def test_what_is_no_price_is_refused(pair):
    with pytest.raises(UsageError, match=r"m: .*US dollars per million"):
        price_of("m", {"m": pair})


@pytest.mark.parametrize("text", ["[1, 2]", "m: [1", None])
def test_a_file_that_holds_no_prices_is_named(tmp_path, text):
    path = tmp_path / "prices.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=r"prices\.yaml"):
        price_of("m", path)
