"""Texts on disk: any row at once, all of them searched."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from redink.errors import DataError, StorageError
from redink.view.mapped import BATCH, MappedTable
from redink.view.searching import MOST_TERMS, terms_of

ROWS = 2 * BATCH + 5


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("mapped") / "t.parquet"
    texts = [None if n % 1000 == 7 else f"Row {n} {'Ünï' if n % 2 else 'x'}" for n in range(ROWS)]
    other = [f"other {n}" for n in range(ROWS)]
    pq.write_table(pa.table({"text": texts, "other": other}), path, row_group_size=3000)
    return MappedTable(path)


@pytest.mark.parametrize("place", [0, 2999, 3000, BATCH, ROWS - 1])
def test_any_row_is_there_whatever_batch_it_lies_in(table, place):
    assert table.row(place)["other"] == f"other {place}"


def test_lengths_are_those_of_the_texts(table):
    lengths = table.lengths("text")
    assert len(lengths) == ROWS
    assert (lengths[0], lengths[7], lengths[1]) == (7, 0, len("Row 1 Ünï".encode()))
    assert table.characters("text", 1) == 9
    assert table.characters("text", 7) == 0


@pytest.mark.parametrize("few", [False, True])
def test_a_search_finds_text_in_either_case_within_the_rows_asked_for(table, few):
    wanted = np.zeros(ROWS, bool) if few else np.ones(ROWS, bool)
    wanted[[5, 8001, 8002]] = True
    found = table.matching(("text",), "ROW 800", wanted)
    expected = {8001, 8002} if few else {800, *range(8000, 8010)} - {8007}
    assert set(np.flatnonzero(found)) == expected
    assert table.matching(("text",), "ÜNÏ", wanted)[8001]
    assert table.matching(("missing", "other"), "other 5", wanted)[5]


def test_no_file_is_left_beside_the_table(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["a"]}), path)
    MappedTable(path)
    assert [found.name for found in tmp_path.iterdir()] == ["t.parquet"]


def test_an_empty_table_has_no_rows(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), path)
    table = MappedTable(path)
    assert len(table) == 0
    assert table.lengths("text").tolist() == []
    assert table.matching(("text",), "x", np.zeros(0, bool)).tolist() == []


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises((DataError, StorageError), match=r"t\.parquet"):
        MappedTable(path)


def test_a_search_is_words_and_phrases_without_repeats():
    assert terms_of('two "quoted words" two') == ["two", "quoted words"]
    assert terms_of('  " ') == []
    assert len(terms_of(" ".join(map(str, range(50))))) == MOST_TERMS
