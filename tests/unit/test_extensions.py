"""Measures, methods and nulls of other packages: found by name, used, recorded, and told apart."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clusterability_workflow import provenance
from clusterability_workflow.provenance import made_by

import clusterability as cl
from clusterability import extensions
from clusterability.__main__ import main
from clusterability.analysis.choosing_k import choose_k
from clusterability.clustering.block_sums import stack_by_key
from clusterability.clustering.summing import tables_of
from clusterability.errors import UserError
from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.networks.partitions import Partitions
from clusterability.networks.weights import as_networks
from clusterability.nulls.redrawing import RandomModel
from clusterability.report.page.page_data import SCORE_NUMBERS, Grid, _score_arrays
from clusterability.results.adaptive_draws import Undecided
from clusterability.results.measured_draws import StoredMeasured, measured, save_measured
from clusterability.results.single.kept_work import key_of
from clusterability.study.arguments import asked_of
from clusterability.study.extensions_asked import listed_extensions
from clusterability.study.loading import load_study
from extensions_installed import install, install_example, install_method_and_null

MATRIX = np.random.default_rng(0).random((12, 15)) ** 4
NAME = "dominant_pairs"
OWN_MODULES = (NAME, "theirs", "broken")
MEASURE = """
from clusterability.measures.measure import Measure

ENTRY = Measure("mine", 1, "What is mine.")


def mine(tables):
    return tables.mi_total
"""


@pytest.fixture
def site(tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder of packages, on the path for one test."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    forget()
    yield folder
    forget()


def forget() -> None:
    """As a new process begins."""
    extensions.installed.cache_clear()
    provenance._digest_of.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] in OWN_MODULES]:
        del sys.modules[name]


def study(**changes):
    networks = {"theirs": {"path": "theirs.npz"}}
    return load_study({"networks": networks, "k_grid": ["2-3"]} | changes)


def of_measure(scores: pd.DataFrame, name: str = NAME) -> pd.DataFrame:
    return scores[scores["measure"] == name].reset_index(drop=True)


# --- the example ---------------------------------------------------------------------------------


def test_it_is_listed_with_its_package_and_version_and_is_not_imported(site, capsys):
    assert main(["measures"]) == 0
    before = capsys.readouterr().out
    install_example(site)
    forget()
    assert main(["measures"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(before)
    _, heading, *lines = text.removeprefix(before).splitlines()
    assert heading == "Of other packages (docs/extending.md):"
    assert lines[0] == "measure dominant_pairs of clusterability-dominant-pairs 0.1.0"
    assert lines[1].strip().startswith("A measure for clusterability")
    assert NAME not in sys.modules


def test_it_is_scored_as_worked_out_by_hand_and_only_if_asked_for(
    site, tmp_path, monkeypatch, capsys
):
    install_example(site)
    asked = {"k": "2-3", "nulls": {"shuffle": 19, "labels": 5}}
    scores = cl.score(MATRIX, **asked, measures=NAME)
    found = of_measure(scores)
    assert (found["status"] == "ok").all()
    for k in (2, 3):
        labels = cl.cluster(MATRIX, k)
        largest = 0
        for own in range(k):
            shares = [MATRIX[labels.rows == own][:, labels.columns == b].sum() for b in range(k)]
            largest += shares[own] == max(shares)
        assert (found.loc[found["k"] == k, "value"] == largest / k).all()
    counts = found.groupby("null")["null_n"].unique()
    assert {null: list(count) for null, count in counts.items()} == {"shuffle": [19], "labels": [5]}
    rest = scores[scores["measure"] != NAME].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, cl.score(MATRIX, **asked))

    monkeypatch.chdir(tmp_path)
    np.save("weights.npy", MATRIX)
    options = ["--k", "2-3", "--nulls", "shuffle=19,labels=5", "--verdict", "none"]
    assert main(["score", "weights.npy", "--measures", NAME, *options]) == 0
    assert f"matched  {NAME}" in capsys.readouterr().out  # beside the usual ones
    written = pd.read_csv("weights.scores.csv")
    own = cl.score("weights.npy", **asked, measures=[NAME])
    shown = ["k", "null", "value", "null_mean", "p"]
    found, expected = (of_measure(each)[shown] for each in (written, own))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_a_study_records_version_and_digest_where_it_is_used_and_nowhere_else(site):
    install_example(site)
    (each,) = study(measures=[NAME]).extensions
    scores = made_by("score.py", each)
    key = "measure dominant_pairs of clusterability-dominant-pairs"
    assert scores["software"]["clusterability-dominant-pairs"] == "0.1.0"
    digest = scores["code"].pop(key)
    assert scores["code"] == made_by("score.py")["code"]
    assert study().extensions == []
    assert NAME not in sys.modules

    file = site / "dominant_pairs.py"
    text = file.read_text()
    file.write_text(f"{text}\n# edited\n")
    forget()
    assert made_by("score.py", each)["code"][key] != digest
    file.write_text(text)
    forget()
    assert made_by("score.py", each)["code"][key] == digest
    install_example(site, "0.2.0")
    forget()
    (other,) = study(measures=[NAME]).extensions
    assert made_by("score.py", other)["software"]["clusterability-dominant-pairs"] == "0.2.0"


def test_work_that_is_kept_is_of_one_version_and_source(site):
    install_example(site)
    networks = as_networks(cl.load(MATRIX), "mine")

    def key() -> str:
        forget()
        return key_of(
            networks, asked_of("mine", ["2"], ["matched"], ["none"], {}, 1, measures=[NAME])
        )

    first = key()
    assert key() == first
    install_example(site, "0.2.0")
    second = key()
    with (site / "dominant_pairs.py").open("a") as file:
        file.write("# edited\n")
    assert len({first, second, key()}) == 3


def test_draws_end_and_k_is_chosen_by_it_too(site, tmp_path):
    install_example(site)
    source = np.random.default_rng(1)
    labels = {("matched", k): (np.arange(12) % k, np.arange(15) % k) for k in (2, 3)}
    tables = stack_by_key([tables_of(MATRIX, labels)])
    feasible = {
        key: Partitions(np.zeros((1, 12)), np.zeros((1, 15)), np.array([True])) for key in labels
    }
    values = {key: (feasible[key], tables[key]) for key in labels}
    undecided = Undecided.of_network(values, 0, AdaptiveDraws(99), [NAME])
    assert {name for _, name in undecided.values} > {NAME, "mi"}

    shuffles = [source.permuted(MATRIX.ravel()).reshape(MATRIX.shape) for _ in range(20)]
    draws = stack_by_key([stack_by_key([tables_of(each, labels) for each in shuffles])])
    save_measured(tmp_path / "draws.npz", {"shuffle": measured(draws, [NAME])})
    nulls = {"shuffle": StoredMeasured([str(tmp_path / "draws.npz")], "shuffle")}
    evidence = choose_k.Evidence("mine", "fc1", [0], tables, nulls, np.array([2]), {})
    judged = choose_k.judge(evidence)
    measures = [series.measure for series in judged.series]
    assert measures[-1] == NAME
    assert measures.count(NAME) == 1


def test_known_groups_are_scored_by_it_and_the_page_leaves_it_out(site):
    install_example(site)
    groups = ([0] * 6 + [1] * 6, [0] * 7 + [1] * 8)
    scores = cl.score(MATRIX, 2, nulls={}, groups=groups, measures=[NAME])
    assert set(of_measure(scores)["method"]) == {"matched", "groups"}

    grid = Grid(["matched"], [2], ["shuffle"], [])
    row = {"method": "matched", "k": 2, "measure": "mi", "null": "shuffle", "status": "ok"}
    row |= {"value": 0.5} | dict.fromkeys(SCORE_NUMBERS, 0.25)
    own = pd.DataFrame([row])
    both = pd.DataFrame([row, row | {"measure": NAME, "value": 9.0}])
    for without, beside in zip(_score_arrays(own, grid), _score_arrays(both, grid), strict=True):
        np.testing.assert_equal(beside, without)


# --- methods and nulls ---------------------------------------------------------------------------


def test_a_method_and_a_null_of_another_package(site):
    install_method_and_null(site)
    scores = cl.score(MATRIX, 3, methods=["quantiles", "matched"], nulls={"by_row": 9})
    assert set(scores["method"]) == {"quantiles", "matched"}
    assert set(scores["null"]) == {"by_row"}
    found = cl.cluster(MATRIX, 3, "quantiles")
    assert np.bincount(found.rows).tolist() == [4, 4, 4]
    assert np.bincount(found.columns).tolist() == [5, 5, 5]
    draw = RandomModel.named("by_row").redraw(MATRIX, ("mine", 0, "fc1"))(0)
    assert (np.sort(draw, axis=1) == np.sort(MATRIX, axis=1)).all()
    assert not np.array_equal(draw, MATRIX)
    whole = scores[scores["measure"] == "mi_total"]  # by_row keeps the rows' sums alone
    assert (whole["null_mean"] != whole["value"]).all()


def test_a_study_may_ask_for_them_wherever_it_names_methods_and_nulls(site):
    install_method_and_null(site)
    asked = study(
        clustering={
            "methods": ["quantiles"],
            "scalings": ["none", "ranked"],
            "draws_at_most": {"quantiles-ranked": 2},
            "null_methods": {"by_row": ["quantiles"]},
        },
        nulls={"by_row": 5, "labels": 3},
        figures={"method": "quantiles"},
        equal_size={"methods": ["quantiles"]},
        draws="adaptive",
    )
    assert [(each.kind, each.name) for each in asked.extensions] == [
        ("method", "quantiles"), ("null", "by_row"),
    ]  # fmt: skip
    assert asked.redrawn_nulls == ["by_row"]
    assert asked.layer_variants == ["quantiles", "quantiles-ranked"]
    assert asked.drawn_method == "quantiles"
    assert asked.clustering.methods_for("network") == []
    assert asked.model_dump(mode="json")["nulls"] == {"by_row": 5, "labels": 3}


# --- faults --------------------------------------------------------------------------------------


def put(site: Path, text: str, name: str = "mine", package: str = "broken") -> None:
    install(site, package, {"measures": {name: package}}, {f"{package}.py": text})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import nothing_of_this_name",
            "broken cannot be imported, ModuleNotFoundError: No module",
        ),
        ("raise SystemExit('no')", "broken cannot be imported, SystemExit: no; expected a package"),
        ("def (", "broken cannot be imported, SyntaxError: "),
        ("", "broken without ENTRY; expected ENTRY in it (docs/extending.md)"),
        ("ENTRY = 3", "ENTRY of type int; expected a Measure"),
        (MEASURE.replace("def mine", "def other"), "broken without mine; expected mine in it"),
        (MEASURE + "\nmine = 3", "mine that is no function; expected one"),
        (MEASURE.replace(", 1,", ", 2,"), "ENTRY with direction 2; expected -1 or 0 or 1"),
        (
            MEASURE.replace("mi_total", "weights"),
            "values of shape (1, 2, 2); expected the shape (1,)",
        ),
    ],
)
def test_a_package_that_is_no_good_is_told_of_in_one_line(text, message, site):
    put(site, text)
    with pytest.raises(UserError) as error:
        cl.score(MATRIX, 2, nulls={}, measures="mine")
    told = str(error.value)
    assert told.startswith("measures: found 'mine' of the package broken 1.0: ")
    assert message in told
    assert "\n" not in told
    assert len(cl.score(MATRIX, 2, nulls={}))  # who does not ask for it sees nothing of it
    assert main(["measures"]) == 0


@pytest.mark.parametrize(
    ("kind", "entry", "message"),
    [
        ("methods", "clustering.catalogue import MethodEntry as E\nENTRY = E('x', whole=True)",
         "ENTRY with whole True; expected False"),
        ("methods", "clustering.catalogue import MethodEntry as E\nENTRY = E('x')",
         "broken without partition"),
        ("nulls", "nulls.catalogue import NullEntry as E\nENTRY = E('x', redrawn=False)",
         "ENTRY with redrawn False; expected True"),
        ("nulls", "nulls.catalogue import NullEntry as E\nENTRY = E('x', caveat='but')",
         "ENTRY with caveat 'but'; expected None"),
        ("nulls", "nulls.catalogue import NullEntry as E\nENTRY = E('x')", "broken without redraw"),
    ],
)  # fmt: skip
def test_so_is_a_method_or_a_null(kind, entry, message, site):
    install(
        site, "broken", {kind: {"mine": "broken"}}, {"broken.py": f"from clusterability.{entry}"}
    )
    asked = {"nulls": {"mine": 3}} if kind == "nulls" else {"methods": "mine", "nulls": {}}
    with pytest.raises(UserError, match=message):
        cl.score(MATRIX, 2, **asked)


def test_names_that_two_packages_or_the_library_have(site, capsys):
    put(site, MEASURE)
    put(site, MEASURE, package="theirs")
    put(site, MEASURE, name="ncut", package="dominant_pairs")
    put(site, MEASURE, name="Not-A-Name", package="dominant_pairs_2")
    with pytest.raises(UserError) as error:
        study(measures=["mine"])
    assert str(error.value) == (
        "config: measures[0]: found 'mine', expected a name that one installed package has, not"
        " several (broken 1.0, theirs 1.0): uninstall all but one"
    )
    with pytest.raises(UserError, match="measures: found 'mine', expected a name that one"):
        extensions.named("measure", "mine")
    with pytest.raises(UserError, match=r"measures\[0\]: found 'ncut', expected a measure of "):
        study(measures=["ncut"])
    assert study().extensions == []
    assert main(["measures"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "measure mine of broken 1.0: not usable, several packages have the name" in lines
    library = "measure ncut of dominant_pairs 1.0: not usable, the library has the name itself"
    assert library in lines
    (named,) = [line for line in lines if "Not-A-Name" in line]
    assert named.endswith(": not usable, its name is not of lower-case letters, digits and _")


def test_names_of_modules_beside_those_of_methods_and_nulls_are_taken(site):
    install(site, "theirs", {"nulls": {"redrawing": "theirs"}}, {"theirs.py": ""})
    with pytest.raises(UserError, match=r"nulls.redrawing: found 'redrawing', expected 'shuffle'"):
        study(nulls={"redrawing": 3})
    (listed,) = listed_extensions()
    assert listed[1] == "not usable, the library has the name itself"


def test_names_that_no_package_has_are_faults_of_the_config(site):
    install_example(site)
    install_method_and_null(site)
    faults = {
        "measures": (["nothing"], "measures[0]: found 'nothing', expected a measure of an installed"
                     " package (dominant_pairs)"),
        "clustering": ({"methods": ["nothing"]}, "clustering.methods[0]: found 'nothing', expected"
                       " 'notebook', 'matched'"),
        "nulls": ({"nothing": 3}, "nulls.nothing: found 'nothing', expected 'shuffle',"),
        "figures": ({"measures": [NAME]}, "figures.measures[0]: found 'dominant_pairs', expected a"
                    " measure that `measures` names, too"),
    }  # fmt: skip
    for key, (value, message) in faults.items():
        with pytest.raises(UserError) as error:
            study(**{key: value})
        assert message in str(error.value)
    both = study(measures=[NAME], figures={"measures": [NAME, "mi"]})
    assert both.drawn_measures == [NAME, "mi"]


def test_the_verdict_knows_nulls_of_the_library_alone(site):
    install_method_and_null(site)
    with pytest.raises(UserError, match=r"'by_row' of the package theirs .*: no verdict"):
        cl.verdict(MATRIX, nulls={"by_row": 3})


# --- what is read, and when ----------------------------------------------------------------------


def test_metadata_of_packages_are_read_for_no_name_of_the_library(site, monkeypatch):
    read = importlib.metadata.entry_points

    def refuse(**asked):
        # Others, such as Numba, may look for entry points of their own.
        if asked["group"].startswith("clusterability."):
            raise RuntimeError(f"{asked['group']} was read")
        return read(**asked)

    monkeypatch.setattr(importlib.metadata, "entry_points", refuse)
    load_study({"nulls": {"within": 3, "untrained": 3}, "clustering": {"methods": ["whole"]}})
    cl.score(MATRIX, 2, methods=["matched", "described"], nulls={"strength": 2, "labels": 2})
    for kind, other in {"methods": "other", "nulls": {"other": 2}, "measures": "other"}.items():
        with pytest.raises(RuntimeError, match=f"clusterability.{kind} was read"):
            cl.score(MATRIX, 2, **{kind: other})


def test_code_is_that_of_the_whole_package(site):
    modules = {
        "theirs/__init__.py": "",
        "theirs/deep/mine.py": MEASURE,
        "theirs/helper.py": "x = 1",
    }
    install(site, "theirs", {"measures": {"mine": "theirs.deep.mine"}}, modules)
    (each,) = study(measures=["mine"]).extensions
    before = each.digest()
    (site / "theirs" / "helper.py").write_text("x = 2")
    assert each.digest() != before
    assert "theirs" not in sys.modules
    # Without an `__init__`, folders may be of several packages: the module alone counts.
    (site / "theirs" / "__init__.py").unlink()
    alone = each.digest()
    (site / "theirs" / "helper.py").write_text("x = 3")
    assert each.digest() == alone
    (site / "theirs" / "deep" / "mine.py").unlink()
    with pytest.raises(UserError, match=r"'mine' of .* 1.0: no files with the code of theirs.deep"):
        each.digest()
