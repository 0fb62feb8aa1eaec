"""A hub folder: loaded by `datasets`, with a card that shows what is known and text as text."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from redink.formats import Card, export_table, import_rows
from redink.formats.card import card_text, plain
from redink.formats.chain import chain_of
from redink.formats.hub import write_hub
from redink.formats.public import public_facts, public_name
from redink.tables import Dropped


def header_of(text):
    from huggingface_hub import DatasetCard

    return DatasetCard(text).data.to_dict()


def test_datasets_loads_it(tmp_path, critiques):
    import datasets

    export_table(critiques, tmp_path / "set", "hub")
    read = datasets.load_dataset(
        str(tmp_path / "set"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert read["critique"][:] == [c.text for c in critiques]
    assert read["error"][0] == {"kind": "slip", "step": 0, "true_value": "7", "false_value": "8"}


def test_large_sets_are_parted_and_keep_their_order(tmp_path, critiques):
    files = write_hub(critiques, tmp_path / "set", Card("x"), shard_characters=60)
    shards = sorted(path.name for path in files if path.suffix == ".parquet")
    assert shards == [f"train-0000{n}-of-00003.parquet" for n in range(3)]
    assert import_rows(tmp_path / "set", "hub").rows == critiques.rows


def test_a_smaller_set_leaves_no_part_of_the_larger_one(tmp_path, critiques):
    write_hub(critiques, tmp_path / "set", Card("x"), shard_characters=60)
    export_table(critiques, tmp_path / "set", "hub", overwrite=True)
    assert [p.name for p in (tmp_path / "set" / "data").iterdir()] == [
        "train-00000-of-00001.parquet"
    ]


def test_where_the_rows_come_from_comes_back(tmp_path, critiques):
    made = replace(critiques, provenance={"verb": "critique", "settings": {"teacher": "gpt"}})
    export_table(made, tmp_path / "set", "hub")
    back = import_rows(tmp_path / "set", "hub").provenance
    assert back["verb"] == "critique"
    assert back["imported"]["format"] == "hub"


class TestCard:
    def test_the_header_is_filled_in(self, critiques):
        header = header_of(card_text(critiques, Card("My set", "apache-2.0", "de")))
        assert (header["license"], header["language"]) == ("apache-2.0", ["de"])
        assert header["size_categories"] == ["n<1K"]
        assert header["configs"][0]["data_files"][0]["path"] == "data/train-*.parquet"

    def test_an_unknown_licence_is_called_unknown(self, critiques):
        assert header_of(card_text(critiques, Card("x")))["license"] == "unknown"

    def test_figures_are_counted(self, critiques):
        text = card_text(critiques, Card("x"))
        for line in (
            "| rows | 3 |",
            "| problems | 2 |",
            "| verdicts: right | 1 (33.3%) |",
            "| verdicts: unreadable: no conclusion | 1 (33.3%) |",
            "| verdicts: against the grader | 2 (66.7%) |",
            "| teacher | gpt (3) |",
            "| asked with preset | cft (3) |",
            "| cost of the critiques | 0.90 US dollars |",
            "| gsm8k | 2 | MIT (hub card and project) |",
        ):
            assert line in text

    def test_what_is_not_known_is_not_stated(self, critiques):
        problems = {key: replace(p, source="web") for key, p in critiques.problems.items()}
        text = card_text(replace(critiques, problems=problems), Card("x"))
        assert "| web | 2 | not stated |" in text
        assert "Removal of duplicates: not stated" in text

    def test_text_of_the_data_does_nothing_but_show(self, critiques):
        nasty = "a|b\n\n# c [x](javascript:1) <script>`$1$`\n---\nlicense: mit"
        rows = [replace(c, teacher=nasty) for c in critiques]
        text = card_text(replace(critiques, rows=tuple(rows)), Card(nasty))
        assert header_of(text)["license"] == "unknown"
        assert header_of(text)["pretty_name"] == " ".join(nasty.split())
        body = text.split("\n---\n", 1)[1]
        assert "<script>" not in body.replace("\\<", "")
        assert "\n# c" not in body
        assert plain("a|b") == "a\\|b"

    def test_hosts_paths_and_keys_are_not_told(self, critiques):
        teacher = "endpoint:big@https://secret.example/v1?key=abc"
        rows = [replace(c, teacher=teacher) for c in critiques]
        problems = {
            key: replace(p, source="/home/ann/exam.jsonl") for key, p in critiques.problems.items()
        }
        made = replace(
            critiques,
            rows=tuple(rows),
            problems=problems,
            provenance={"verb": "critique", "settings": {"teacher": teacher, "key_env": "MY_KEY"}},
        )
        text = card_text(made, Card("x"))
        for private in ("secret.example", "abc", "/home/ann", "MY_KEY"):
            assert private not in text
        assert "endpoint:big (3)" in text
        assert "exam.jsonl" in text

    def test_private_names_in_columns_are_pointed_out(self, tmp_path, critiques):
        rows = [replace(c, teacher="endpoint:m@http://10.0.0.7/v1") for c in critiques]
        result = export_table(replace(critiques, rows=tuple(rows)), tmp_path / "x", "hub")
        assert "column teacher" in result.remarks[1]
        assert "hf upload" in result.remarks[0]

    def test_what_was_left_out_as_repeated_is_told(self, critiques):
        dropped = (Dropped("p1", "near duplicate", {}),) * 2
        text = card_text(replace(critiques, dropped=dropped), Card("x"))
        assert "near duplicate: 2" in text


def test_the_stages_that_led_to_a_table_are_told_in_order(tmp_path, critiques):
    recipe = {
        "stages": {
            "unused": {"do": "load", "source": "gym:b"},
            "problems": {"do": "load", "source": "gym:a"},
            "clean": {"do": "select", "rows": "problems", "decontaminate": ["gsm8k"]},
            "drafts": {"do": "respond", "problems": "clean", "model": "student"},
            "marks": {"do": "critique", "responses": ["drafts"], "teacher": "symbolic"},
        }
    }
    done = [{"name": "clean", "rows": 3, "dropped": {"also in gsm8k": 2}}]
    facts = {"recipe_text": yaml.safe_dump(recipe, sort_keys=False), "stages": done}
    (tmp_path / "run.json").write_text(json.dumps(facts))
    folder = tmp_path / "marks-0123456789"
    replace(critiques, provenance={"stage": "marks"}).write(folder)
    chain = chain_of(folder)
    assert [link.name for link in chain] == ["problems", "clean", "drafts", "marks"]
    text = card_text(critiques, Card("x", chain=chain))
    assert "- clean (select): decontaminate: gsm8k" in text
    assert (
        "| clean | select | rows: problems, decontaminate: gsm8k | 3 | also in gsm8k: 2 |" in text
    )


def test_a_table_of_no_run_has_no_chain(tmp_path, critiques):
    critiques.write(tmp_path / "table")
    assert chain_of(tmp_path / "table") == ()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gsm8k", "gsm8k"),
        ("hf:ORG/NAME", "hf:ORG/NAME"),
        ("ORG/Model-1.5B", "ORG/Model-1.5B"),
        ("/a/b/c.jsonl", "c.jsonl"),
        ("data/mine.jsonl", "mine.jsonl"),
        ("./models/mine/", "mine"),
        ("endpoint:ORG/m@http://h:1/v1", "endpoint:ORG/m"),
    ],
)
def test_names_are_made_public(name, told):
    assert public_name(name) == told


def test_secret_settings_are_left_out():
    facts = {"api_key": "x", "teacher": {"m@http://h/v1": 0.5}, "rows": [str(Path("/a/b.csv"))]}
    assert public_facts(facts) == {"teacher": {"m": 0.5}, "rows": ["b.csv"]}
