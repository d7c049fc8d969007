"""Files of a paper: LaTeX, numbers, methods, captions, manifest, from tables made by hand."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clusterability import extensions
from clusterability.analysis.verdict import VERDICT_COLUMNS
from clusterability.files import file_digest
from clusterability.jobs.figure_job import FigureJob
from clusterability.report.catalogue import figure_items, paper_job
from clusterability.report.figures.captions import caption
from clusterability.report.paper.catalogue import PAPER_TABLES, paper_name
from clusterability.report.paper.latex import escaped, interval, macros, rounded, tabular
from clusterability.report.paper.manifest import git_state, manifest
from clusterability.report.paper.methods_text import methods_text
from clusterability.report.paper.numbers import numbers, numbers_tex
from clusterability.report.paper.outputs import write_figures, write_tables
from clusterability.report.paper.study_tables import Shown
from clusterability.report.paper.tables import paper_tables
from clusterability.study.config_files import read_config
from clusterability.study.loading import load_study
from extensions_installed import EXAMPLE, install_example
from project import ROOT

STUDY = load_study(
    {
        "seeds": ["0-2"],
        "k_grid": ["2-4"],
        "recipe": {"epochs": 3},
        "conditions": {"untrained": {"epochs": 0}, "random_labels": {"labels": "permuted"}},
        "nulls": {"shuffle": 9, "labels": 19},
    }
)
BEST_K = {"strength": 2, "shuffle": 3, "labels": 4}
ACCURACY = {"untrained": [0.1, 0.12, 0.08], "random_labels": [0.9, 0.92, 0.97]}


def networks() -> pd.DataFrame:
    rows = [
        {"condition": name, "seed": seed, "train_accuracy": share, "test_accuracy": share}
        | {"test_loss": 1 - share, "device": "cpu", "fc1_dead_u": seed, "fc1_dead_v": 0}
        for name, shares in ACCURACY.items()
        for seed, share in enumerate(shares)
    ]
    return pd.DataFrame(rows)


def summary() -> pd.DataFrame:
    rows = []
    for condition in ACCURACY:
        for method in ("matched", "joint"):
            for k in (2, 3, 4):
                for null in ("shuffle", "labels"):
                    z = k + (null == "labels") * 100 + (method == "joint") * 1000
                    row = {"condition": condition, "layer": "fc1", "method": method, "k": k}
                    row |= {"measure": "barber_q", "null": null, "n": 3, "value": 0.25}
                    row |= {"value_low": -0.5, "value_high": 1.0, "excess": -0.0001}
                    row |= {"excess_low": -0.2, "excess_high": 0.2, "z": z}
                    row |= {"z_low": z - 1, "z_high": z + 1, "q": 0.00123, "significant": 1.0}
                    rows.append(row | {"test_accuracy": 0.5})
    return pd.DataFrame(rows)


def validity() -> pd.DataFrame:
    shared = {"method": "matched", "form": "z", "condition": np.nan, "family": "trained", "n": 3}
    detection = {"analysis": "detection", "measure": "mi", "null": "shuffle"}
    term = {"analysis": "clusters", "measure": "mi_term", "function": "importance", "form": "term"}
    bounds = {"estimate": 0.93, "low": 0.91, "high": 0.95}
    return pd.DataFrame([shared | detection | bounds, shared | term | bounds | {"family": np.nan}])


@pytest.fixture
def shown(tmp_path) -> Shown:
    best = {"condition": "random_labels", "layer": "fc1", "measure": "barber_q", "z": 1.0}
    best |= {"method": "matched"}
    verdict = {"condition": "random_labels", "layer": "fc1", "n": 3, "bits": 755.5}
    verdict |= {"bits_low": 459.9, "bits_high": 1051.1, "beyond_strength": -0.4}
    verdict |= {"beyond_strength_low": -3, "beyond_strength_high": 2.2}
    columns = dict.fromkeys(VERDICT_COLUMNS, np.nan)
    tables = {
        "networks": networks(),
        "verdict": pd.DataFrame([columns | verdict]),
        "summary": summary(),
        "validity": validity(),
        # Chosen against each null, as figures do not show it.
        "best_k": pd.DataFrame([best | {"null": n, "k": k} for n, k in BEST_K.items()]),
    }
    files = {name: tmp_path / f"{name}.csv" for name in tables}
    for name, table in tables.items():
        table.to_csv(files[name], index=False)
    return Shown.read(files, paper_job(STUDY, list(tables)))


# --- LaTeX -------------------------------------------------------------------------------------


@given(st.text())
def test_no_text_breaks_a_document(text):
    """Every character that LaTeX gives a meaning of its own is written so that it has none."""
    plain = re.sub(
        r"\\textbackslash\{\}|\\text\w+\{\}|\\ldots\{\}|\$\\?\w+\$|\$-\$", "", escaped(text)
    )
    assert not re.search(r"(?<!\\)[&%$#_{}~^]", plain)


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(0, 6))
def test_rounded_numbers_are_near_and_never_minus_zero(value, digits):
    text = rounded(value, digits)
    if not math.isfinite(value):
        assert text == ""
        return
    assert float(text) == pytest.approx(value, abs=0.51 * 10.0**-digits, rel=1e-15)
    assert not re.fullmatch(r"-0(\.0*)?", text)


def test_an_interval_without_a_bound_is_empty():
    assert interval(float("nan"), 1, 2) == ""
    assert interval(-1, 2, 0) == r"[\num{-1}, \num{2}]"


def test_columns_of_numbers_are_aligned_and_other_columns_are_text():
    rows = pd.DataFrame({"name": [r"a\_b", "c"], "$z$": ["-12.5", ""], "bounds": ["[1, 2]", ""]})
    text = tabular(rows)
    assert r"\begin{tabular}{lS[table-format=-2.1]l}" in text
    assert r"name & {$z$} & bounds \\" in text
    assert "c & {} &" in text
    assert text.count("rule") == 3
    assert r"\begin{longtable}" in tabular(rows, long=True)
    assert tabular(rows.head(0)) == "% no rows\n"


# --- numbers -----------------------------------------------------------------------------------


def test_numbers_are_those_of_the_tables(shown):
    found = numbers(shown)
    shares = 100 * np.array(ACCURACY["random_labels"])
    low, high = stats.t.interval(0.95, 2, shares.mean(), stats.sem(shares))
    assert found["accuracy/random_labels"] == rf"\num{{{shares.mean():.1f}}}"
    assert found["accuracy/random_labels/interval"] == rf"[\num{{{low:.1f}}}, \num{{{high:.1f}}}]"
    assert found["n/untrained"] == found["seeds"] == "3"
    assert found["k"] == "4"
    # Of the method that figures show, against the null that figures show.
    assert found["z/untrained/fc1/3/barber_q"] == r"\num{3.0}"
    assert found["z/untrained/fc1/3/barber_q/interval"] == r"[\num{2.0}, \num{4.0}]"
    assert found["excess/untrained/fc1/2/barber_q"] == r"\num{0.000}"
    assert found["q/untrained/fc1/2/barber_q"] == r"\num{0.0012}"
    assert found["best_k/random_labels/fc1/barber_q"] == "3"
    assert found["bits/random_labels/fc1"] == r"\num{756}"
    assert found["bits/random_labels/fc1/interval"] == r"[\num{460}, \num{1051}]"
    assert found["beyond_strength/random_labels/fc1"] == r"\num{0}"
    # A null that the study has not drawn from gives no number.
    assert not any(key.startswith("beyond_within/") for key in found)
    assert found["auc/trained/mi"] == found["correlation/importance/mi_term"] == r"\num{0.93}"
    assert (found["draws/shuffle"], found["draws/groups"]) == ("9", "99")


def test_keys_are_such_that_latex_takes_them(shown):
    assert all(re.fullmatch(r"[a-z0-9_/+-]+", key) for key in numbers(shown))
    text = macros({"a/b": "1"}, "result")
    assert r"\csname result@a/b\endcsname{1}" in text
    assert "\\%" not in numbers_tex(shown)


@pytest.mark.parametrize("config", ["config.yaml", "studies/smoke.yaml"])
def test_the_example_shows_figures_that_the_study_draws(config):
    drawn = figure_items(load_study(read_config(ROOT / config)))
    names = {paper_name(f"{figure}.{item}") for figure, items in drawn.items() for item in items}
    text = (ROOT / "docs" / "paper-example" / "paper.tex").read_text()
    shown_figures = set(re.findall(r"\\studyfigure\{([\w-]+)\}", text))
    assert shown_figures
    assert shown_figures <= names


# --- tables ------------------------------------------------------------------------------------


def test_tables_for_print_show_the_drawn_method_and_k(shown):
    found = paper_tables(shown)
    assert list(found) == [
        "verdict",
        "networks",
        "quality",
        "z_scores",
        "best_k",
        "detection",
        "prediction",
    ]
    assert set(found) <= set(PAPER_TABLES)
    quality = found["quality"]
    assert quality.rows[["method", "k", "null"]].drop_duplicates().values.tolist() == [
        ["matched", 4, "shuffle"]
    ]
    assert r"random\_labels & fc1 & Barber's Q & 3 & 0.2500" in quality.latex
    assert "seeds 0-2" in quality.caption
    assert "9 of shuffle" in quality.caption
    assert found["networks"].rows["dead_units"].tolist() == [1.0, 1.0]
    assert found["z_scores"].rows["barber_q"].tolist() == [4, 4]
    assert r"756} [\num{460}, \num{1051}] & \num{0} [" in found["verdict"].latex
    assert "importance & mutual information & 3 & 0.93" in found["prediction"].latex


def test_rows_of_tables_are_not_rounded(shown, tmp_path):
    write_tables(tmp_path, paper_tables(shown))
    rows = pd.read_csv(tmp_path / "tables" / "networks.csv")
    assert rows["test_accuracy"].tolist() == pytest.approx(
        [np.mean(shares) for shares in ACCURACY.values()], rel=1e-15
    )


# --- captions, methods, manifest ---------------------------------------------------------------


def test_a_caption_says_n_seeds_interval_and_null():
    rows = pd.DataFrame({"n": [9, 10], "null": "shuffle", "measure": "mi", "k": [2, 3]})
    job = FigureJob(seeds=["0-9"], nulls={"shuffle": 99})
    text = caption("{label} at k = {k},\nwith its 95 % t interval.", rows, "mi", job)
    assert text == (
        "I(T) [nats] at k = \N{HORIZONTAL ELLIPSIS}, with its 95 % t interval."
        " n = 9 to 10 networks a value; seeds 0-9; null: shuffle (99 draws)."
    )
    by_rule = FigureJob(seeds=["0-9"], nulls={"shuffle": "19 to 999"})
    assert caption("{label}.", rows, "mi", by_rule).endswith("null: shuffle (19 to 999 draws).")
    rows = pd.DataFrame({"n": [1, 1], "null": "shuffle", "measure": "mi"})
    text = caption("{label}.", rows, "mi", FigureJob(seeds=["0-9"], nulls={"shuffle": 1}))
    assert text.endswith("n = 1 network a value; null: shuffle (1 draw).")  # imported: no seeds
    assert caption("{label}.", rows[["n"]], "mi", FigureJob(seeds=["4"])).endswith("seed 4.")
    assert caption("Text.", pd.DataFrame({"x": [3]}), "mi", FigureJob(seeds=[])) == "Text."
    assert caption("Seed {seed}.", pd.DataFrame({"seed": [3]}), "trained", FigureJob()) == "Seed 3."


def test_figures_get_names_and_captions_that_latex_takes(tmp_path):
    for ending, text in {"png": "picture", "txt": "50 % of random_labels\n"}.items():
        (tmp_path / f"z_scores.matched.{ending}").write_text(text)
    files = sorted(tmp_path.iterdir())
    write_figures(tmp_path / "paper", files)
    assert (tmp_path / "paper" / "figures" / "z_scores-matched.png").read_text() == "picture"
    tex = (tmp_path / "paper" / "captions" / "z_scores-matched.tex").read_text()
    assert tex == "50 \\% of random\\_labels%\n"


def test_methods_say_what_the_config_says(shown):
    parameters = paper_job(STUDY, ["networks"])
    text = methods_text(parameters, shown, {"numpy": "9.9"})
    for part in (
        "seed (0-2)",
        "`untrained`: no training",
        "`random_labels`: 3 epochs, training labels permuted",
        "plain stochastic gradient descent, learning rate 0.001",
        "best of 3 restarts",
        "k = 2-4",
        "`labels` (19 draws), the labels of both sides permuted, sizes fixed, which nearly every"
        " partition beats",
        "random_labels 93.0 % (n = 3)",
        "numpy 9.9",
        "trained on cpu",
    ):
        assert part in text, part
    changed = load_study(STUDY.model_dump(exclude_unset=True) | {"k_grid": [2, "5-7"]})
    assert "k = 2 and 5-7" in methods_text(paper_job(changed, []), shown, {"numpy": "9.9"})


def test_methods_say_how_draws_end_by_a_rule(shown):
    adaptive = {"nulls": {"shuffle": 999, "labels": 99}, "draws": "adaptive"}
    job = paper_job(load_study(STUDY.model_dump(exclude_unset=True) | adaptive), [])
    text = methods_text(job, shown, {"numpy": "9.9"})
    assert "`shuffle` (19 to 999 draws), the weights" in text
    assert "`labels` (99 draws)" in text
    assert "they ended once 10 were as good as each value of a layer, and p is 10 / L" in text
    assert "- Besag & Clifford 1991, doi:10.1093/biomet/78.2.301" in text
    assert "Besag" not in methods_text(paper_job(STUDY, []), shown, {"numpy": "9.9"})


def test_methods_name_what_is_of_other_packages(shown, tmp_path, monkeypatch):
    install_example(tmp_path, "0.3.1")
    monkeypatch.syspath_prepend(str(tmp_path))
    extensions.installed.cache_clear()
    config = STUDY.model_dump(exclude_unset=True) | {"measures": ["dominant_pairs"]}
    try:
        job = paper_job(load_study(config), ["networks"])
        text = methods_text(job, shown, {"numpy": "9.9"})
    finally:
        extensions.installed.cache_clear()
    digest = hashlib.sha256()
    code = (EXAMPLE / "dominant_pairs.py").read_bytes()
    digest.update(f"dominant_pairs.py {len(code)}\n".encode() + code)
    assert (
        "**Other packages.** The measure `dominant_pairs` is from clusterability-dominant-pairs"
        f" 0.3.1 (the SHA-256 of its code begins with {digest.hexdigest()[:16]}): Share of U"
        " clusters that give more weight to their own V cluster than to any other."
    ) in text.splitlines()
    assert "Other packages" not in methods_text(paper_job(STUDY, []), shown, {"numpy": "9.9"})


def test_methods_name_the_data_set(shown):
    text = methods_text(paper_job(STUDY, ["networks"]), shown, {"numpy": "9.9"})
    assert "images of MNIST (LeCun et al. 1998)" in text
    assert "pixels less 0.1307 over 0.3081" in text
    config = STUDY.model_dump(exclude_unset=True) | {"dataset": {"name": "fashion_mnist"}}
    parameters = paper_job(load_study(config), ["networks"])
    text = methods_text(parameters, shown, {"numpy": "9.9"})
    assert "images of Fashion-MNIST (Xiao et al. 2017)" in text
    assert "pixels less 0.2860 over 0.3530" in text
    references = text.partition("## References")[2].strip().splitlines()
    assert references == sorted(references, key=str.casefold)
    assert "- Xiao et al. 2017, arXiv:1708.07747" in references
    assert not any("LeCun" in line for line in references)


def test_the_manifest_has_the_digest_of_every_file_and_no_time(shown, tmp_path):
    write_tables(tmp_path, paper_tables(shown))
    files = sorted(file for file in tmp_path.glob("*/*") if file.is_file())
    first, second = (
        manifest(ROOT, {"k": 2}, ["cpu"], files[:1], tmp_path, files) for _ in range(2)
    )
    assert first == second
    found: dict[str, Any] = json.loads(first)
    assert found["files"] == {
        file.relative_to(tmp_path).as_posix(): file_digest(file) for file in files
    }
    assert {"study.lock", "development.lock"} <= set(found["locks"])
    assert "src/clusterability/measures/structure.py" in found["code"]
    assert found["versions"]["numpy"] == np.__version__
    assert found["inputs"] == {files[0].as_posix(): file_digest(files[0])}


def test_git_tells_the_commit_where_there_is_a_repository(tmp_path):
    assert git_state(tmp_path) == {"commit": None, "changed": None}
    commit = git_state(Path(__file__).parent)["commit"]
    assert commit is None or re.fullmatch("[0-9a-f]{40}", commit)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_of_a_repository_that_has_not_the_code_is_not_told(tmp_path):
    who = ("-c", "user.name=a", "-c", "user.email=a@b.invalid")
    (tmp_path / "notes.txt").touch()
    for words in (["init"], ["add", "."], [*who, "commit", "-m", "Notes"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "Snakefile").touch()
    assert re.fullmatch("[0-9a-f]{40}", git_state(tmp_path)["commit"])
    assert git_state(tmp_path / "archive") == {"commit": None, "changed": None}
