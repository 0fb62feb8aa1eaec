"""The front end's modules: what the bundle's linker and the page's security policy count on."""

import re
from pathlib import Path

import pytest

import redink

STATIC = Path(redink.__file__).parent / "view" / "static"
MODULES = sorted(STATIC.glob("*.js"))
IMPORT = re.compile(r'^import \{ [\w, ]+ \} from "\./(\w+)\.js";$', re.MULTILINE)


def read(name):
    return (STATIC / name).read_text()


def code_of(path):
    """A module's text without comments."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    return re.sub(r"(?m)^\s*//.*$", "", text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_imports_are_named_and_lead_to_modules_that_are_there(path):
    code = code_of(path)
    assert len(IMPORT.findall(code)) == len(re.findall(r"\bimport\b", code))
    for name in IMPORT.findall(code):
        assert (STATIC / f"{name}.js").exists(), name
    assert "export default" not in code
    assert "export let" not in code


def test_every_module_is_reached_from_the_entry():
    reached, waiting = set(), ["main"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += IMPORT.findall(read(f"{name}.js"))
    assert {path.stem for path in MODULES} == reached


def test_imports_run_in_no_circle():
    graph = {path.stem: IMPORT.findall(path.read_text()) for path in MODULES}

    def visit(name, above):
        assert name not in above, [*above, name]
        for other in graph[name]:
            visit(other, [*above, name])

    visit("main", [])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_each_import_is_used(path):
    code = code_of(path)
    for names in re.findall(r"import \{ ([\w, ]+) \}", code):
        for name in names.split(", "):
            assert len(re.findall(rf"\b{name}\b", code)) > 1, name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_markup_is_made_in_one_place_only(path):
    """Model text is hostile: what is not the server's markup is set as text."""
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|Function\(|\.style\b"
    )
    found = re.findall(forbidden, code_of(path))
    assert found == (["innerHTML"] if path.name == "element.js" else [])


@pytest.mark.parametrize("path", [*MODULES, STATIC / "view.css", STATIC / "index.html"],
                         ids=lambda path: path.name)  # fmt: skip
def test_nothing_leads_out(path):
    found = set(re.findall(r"https?://[^\s\"'`]+|//cdn[^\s\"']*|url\([^)]*\)", path.read_text()))
    assert found <= {"http://www.w3.org/2000/svg"}


def test_the_page_has_no_script_or_style_of_its_own():
    page = read("index.html")
    assert '<script type="module" src="/static/main.js"></script>\n' in page
    assert '<link rel="stylesheet" href="/static/view.css">\n' in page
    assert page.count("<script") == 1
    assert "<style" not in page
    assert not re.search(r"\son\w+=|\sstyle=", page)


def test_every_class_that_the_style_names_is_used():
    style = re.sub(r"/\*.*?\*/", "", read("view.css"), flags=re.DOTALL)
    code = read("index.html") + "".join(path.read_text() for path in MODULES)
    from_server = {"latex", "boxed", "struck", "mark"}
    made = re.compile(r"^(o|s|v|side)-")
    names = set(re.findall(r"\.([a-z][\w-]*)(?=[^{}]*\{)", style)) - from_server
    unused = {n for n in names if not made.match(n) and not re.search(rf"\b{n}\b", code)}
    assert unused == set()


def test_files_fit_a_reader():
    assert [path.name for path in MODULES if len(path.read_text().splitlines()) > 250] == []
