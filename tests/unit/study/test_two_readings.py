"""Scalars that YAML 1.1 and 1.2 read differently are refused, others are not."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import yaml

from clusterability.errors import UserError
from clusterability.study.config_files import MOST_TOLD, read_config
from clusterability.study.two_readings import read_12


def config(folder: Path, text: str) -> Path:
    (folder / "study.yaml").write_text(text)
    return folder / "study.yaml"


def refusal(file: Path) -> list[str]:
    with pytest.raises(UserError) as error:
        read_config(file)
    return str(error.value).splitlines()


DIFFERENT = {
    # Written: as YAML 1.1 and as YAML 1.2 read it, both as they are to be written.
    "010": ("8", "10"),
    "-010": ("-8", "-10"),
    "yes": ("true", '"yes"'),
    "No": ("false", '"No"'),
    "on": ("true", '"on"'),
    "OFF": ("false", '"OFF"'),
    "12:30": ("750", '"12:30"'),
    "1:30.5": ("90.5", '"1:30.5"'),
    "1_000": ("1000", '"1_000"'),
    "1_0.5": ("10.5", '"1_0.5"'),
    "0b101": ("5", '"0b101"'),
    "0o10": ('"0o10"', "8"),
}
ALIKE = [
    *(
        "10",
        "0",
        "-3",
        "007",
        "0x1F",
        "1.5",
        "1e-3",
        "1e3",
        "2.5e-4",
        "08",
        ".inf",
        "-.inf",
        ".nan",
    ),
    *("true", "False", "null", "~", "y", "n", "0-9", "784-128-10", "mnist", "1.2.3", "a:b", "Yess"),
    *("'010'", '"yes"', "'12:30'", '"1_000"'),
]


@pytest.mark.parametrize("text", DIFFERENT)
def test_what_is_read_in_two_ways_is_refused_with_both(tmp_path, text):
    first, second = DIFFERENT[text]
    file = config(tmp_path, f"recipe:\n  l1: {text}\n")
    assert refusal(file) == [
        f"{file}: recipe.l1: found {text} in line 2, which YAML 1.1 reads as {first} and YAML 1.2"
        f" as {second}, expected {first} or {second}, whichever is meant"
    ]
    # What the line says to write is read, and as it says.
    for written in (first, second):
        read = read_config(config(tmp_path, f"recipe:\n  l1: {written}\n"))["recipe"]["l1"]
        assert repr(read) == repr(json.loads(written))
    assert yaml.safe_load(text) == json.loads(first)


@pytest.mark.parametrize("text", ALIKE)
def test_what_is_read_in_one_way_is_read(tmp_path, text):
    read = read_config(config(tmp_path, f"recipe: {{l1: [{text}]}}"))
    assert repr(read) == repr(yaml.safe_load(f"recipe: {{l1: [{text}]}}"))


# Example 10.9 of the specification of YAML 1.2.2, "Core Tag Resolution".
SPECIFIED = {
    "null": None, "": None, "true": True, "True": True, "false": False, "FALSE": False,
    "0": 0, "0o7": 7, "0x3A": 58, "-19": -19,
    "0.": 0.0, "-0.0": -0.0, ".5": 0.5, "+12e03": 12000.0, "-2E+05": -200000.0,
    ".inf": math.inf, "-.Inf": -math.inf, "+.INF": math.inf, ".NAN": math.nan,
}  # fmt: skip


@pytest.mark.parametrize("text", SPECIFIED)
def test_readings_of_yaml_1_2_are_those_of_its_specification(text):
    assert repr(read_12(text)) == repr(SPECIFIED[text])


def test_keys_items_and_all_faults_are_named(tmp_path):
    text = "seeds: [0-1, 010]\nconditions:\n  on: {}\n  a: {epochs: 1_0}\n"
    lines = refusal(config(tmp_path, text))
    keys = [line.split(": ")[1] for line in lines]
    assert keys == ["seeds[1]", "conditions.on", "conditions.a.epochs"]
    many = "\n".join(f"k{number}: yes" for number in range(MOST_TOLD + 5))
    assert len(refusal(config(tmp_path, many))) == MOST_TOLD


def test_an_alias_is_looked_at_once_and_json_is_no_yaml(tmp_path):
    assert len(refusal(config(tmp_path, "a: &a [yes]\nb: [*a, *a]\n"))) == 1
    assert read_config(config(tmp_path, '{"a": "yes", "b": 10}')) == {"a": "yes", "b": 10}
