"""docs/troubleshooting.md has a remedy for each message that ends a command, and no stale one."""

from __future__ import annotations

import ast
import re

import pytest

import messages
from messages import VARIES, could_be, of_the_makefile, raised, said, texts, words_of
from project import DOCS, ROOT

TEXT = (DOCS / "troubleshooting.md").read_text()
HEADER = "| message | meaning and remedy |"
MESSAGE = r"``.+?`` *``|``.+?``|`[^`]+`"

EXCEPTIONS = {
    "…": "what another message says, told by a command: its own entry has it",
    "…: …": "a fault of a config, or why a file cannot be written: what is put in has entries",
    "…: found …, expected …": "the common form; what is passed to it has entries",
    "environment: …": "what another message says, told by a command",
    "scaling: found …, expected one of …": "a config with such a scaling is refused before",
}
"""Messages without an entry, and why."""

FEWEST_LETTERS = 8
"""A text of the code with fewer letters is no message."""
COMMON_FORM = words_of("found …, expected …")
"""What says nothing by itself."""


def entries() -> list[tuple[list[str], str]]:
    """Rows of the tables: messages that share a remedy, and their meaning and remedy."""
    read = []
    for table in re.findall(rf"^{re.escape(HEADER)}\n.*\n((?:\|.*\n)+)", TEXT, re.M):
        for row in table.splitlines():
            messages_of_row, remedy = re.fullmatch(
                rf"\| ((?:{MESSAGE})(?:<br>(?:{MESSAGE}))*) \| (.+) \|", row
            ).groups()
            lines = re.findall(MESSAGE, messages_of_row)
            read.append(([line.strip("`").strip() for line in lines], remedy))
    return read


LINES = [line for lines, _ in entries() for line in lines]


def test_every_row_of_a_table_of_messages_is_read():
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    assert len(entries()) == len(rows) > 80
    assert len(set(LINES)) == len(LINES)


@pytest.mark.parametrize("message", sorted(raised().keys() - EXCEPTIONS.keys()))
def test_every_message_has_an_entry(message):
    assert any(could_be(line, message) for line in LINES), raised()[message]


@pytest.mark.parametrize("message", sorted(of_the_makefile()))
def test_every_message_of_the_makefile_has_an_entry(message):
    assert any(could_be(line, message) for line in LINES)


@pytest.fixture(scope="module")
def known() -> list[str]:
    """Texts of the code that may be messages."""
    words = {text: words_of(text) for text in said() - EXCEPTIONS.keys()}
    return [
        text
        for text, letters in words.items()
        if len(letters) >= FEWEST_LETTERS and letters != COMMON_FORM
    ]


@pytest.mark.parametrize("line", LINES)
def test_every_entry_is_a_message_of_the_code(line, known):
    # Of a value in a config, what is expected stands where the value is checked.
    expected = line.rpartition(", expected ")[2] if line.startswith("config.yaml: ") else line
    assert any(could_be(line, text) or could_be(expected, text) for text in known)


def test_every_exception_is_a_message_of_the_code():
    assert EXCEPTIONS.keys() <= raised().keys()


def test_every_entry_says_what_to_do():
    """In sentences; how well they advise is for a reader to judge."""
    sentences = re.compile(r"[A-Z`].+\.")
    assert [remedy for _, remedy in entries() if not sentences.fullmatch(remedy)] == []


def test_the_snakefile_and_rules_end_with_messages_of_the_library_only():
    """They are no Python that `messages` could read."""
    files = [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")]
    ends = [re.findall(r"sys\.exit\((.*)\)|raise (.*)", file.read_text()) for file in files]
    assert {found for each in ends for found in each} == {("str(error)", "")}


def test_messages_are_read_from_the_source():
    """What `messages` understands of Python, each once."""
    understood = {
        "'a'": ["a"],
        "f'{x} of {y}'": ["… of …"],
        "'a' + ('b' if x else f'c{y}')": ["ab", "ac…"],
        r"'\n'.join([f'{x}: not', *y])": ["…: not"],
        r"'\n'.join(f'{x}: {y}' for y in z)": ["…: …"],
        "x or 'nothing'": ["…", "nothing"],
        "str(x)": ["…"],
    }
    found = {code: texts(ast.parse(code, mode="eval").body) for code in understood}
    assert found == understood
    assert could_be("a: found 3, expected b", f"{VARIES}: found {VARIES}, expected b")
    assert not could_be("a: found 3, expected b, or c", f"{VARIES}: found {VARIES}, expected b")
    assert len(messages.system_refusals()) == 4


def test_the_general_form_of_a_config_is_described():
    assert "**the general form**" in TEXT
