"""The lesson in docs/nano.py has the numbers of the library, which it imports nothing of."""

from __future__ import annotations

import ast
import doctest
import sys
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import clusterability as cl
from clusterability.comparison import compare
from project import DOCS


def lesson() -> ModuleType:
    """The file as a module, wherever else there is a package docs."""
    spec = spec_from_file_location("nano", DOCS / "nano.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


nano = lesson()
MEASURES = ["mi", "barber_q", "ncut", "bits"]
"""The library's names of the lesson's scores."""
PLANTED = nano.planted().astype(np.float32)
"""The library keeps weights so."""


@pytest.fixture(autouse=True)
def one_thread():
    """k-means of few points takes longest where two threads share one core."""
    with threadpool_limits(1):
        yield


def matrices() -> dict[str, np.ndarray]:
    """Weights with signs, with zeros and dead units, of few sizes, with ties."""
    source, weights = np.random.default_rng(5), PLANTED
    zeros = np.where(source.random(weights.shape) < 0.5, weights, 0)
    zeros[3] = zeros[:, 7] = 0
    return {
        "planted": weights,
        "zeros and dead units": zeros,
        "zeros and ones": (np.abs(weights) > 1).astype(np.float32),
        "counts": source.poisson(np.abs(weights)).astype(np.float32),
        "ties": np.round(weights, 1),
    }


def scores_of_library(weights: np.ndarray, partition: cl.Partition) -> list[float]:
    scores = cl.score(weights, k=partition.k, groups=partition, nulls={})
    return scores.query("method == 'groups'").set_index("measure").value[MEASURES].tolist()


@pytest.mark.parametrize("name", matrices())
def test_scores_of_a_partition_are_those_of_the_library(name):
    weights, k = matrices()[name], 3
    source = np.random.default_rng(0)
    labels = [source.integers(k, size=size) for size in weights.shape]
    for labelled, dead in zip(labels, (~weights.any(axis=1), ~weights.any(axis=0)), strict=True):
        labelled[dead] = -1
    expected = scores_of_library(weights, cl.Partition("any", k, *labels))
    found = nano.scores(nano.live(weights), *(each[each >= 0] for each in labels), k)
    assert found == pytest.approx(expected, rel=1e-9)


def test_clusters_are_those_of_the_library():
    rows, columns = nano.cluster(nano.live(PLANTED), 4)
    expected = cl.cluster(PLANTED, 4)
    # Clusters may be numbered in another order, but on both sides in the same.
    assert len({*zip(rows, expected.rows, strict=True)}) == 4
    pairs = {*zip(rows, expected.rows, strict=True), *zip(columns, expected.columns, strict=True)}
    assert len(pairs) == 4


def test_the_mean_of_shuffled_weights_is_that_of_the_library():
    draws = 49
    found = nano.shuffled_scores(nano.live(PLANTED), 4, draws)
    scores = cl.score(PLANTED, k=4, nulls={"shuffle": draws}).set_index("measure")
    expected = scores.loc[MEASURES]
    errors = np.sqrt((found.var(axis=0, ddof=1) + expected.null_sd**2) / draws)
    assert (np.abs(found.mean(axis=0) - expected.null_mean) < 4 * errors).all()


def test_z_and_p_are_those_of_the_library():
    source = np.random.default_rng(1)
    values, draws = source.normal(size=4), source.normal(size=(19, 4))
    draws[0] = values
    z, p = nano.compare(values, draws)
    for number, better in enumerate(nano.BETTER.values()):
        expected = compare(values[[number]], draws[:, number][None], better)
        assert [z[number], p[number]] == pytest.approx([expected.z[0], expected.p[0]])


def test_the_example_has_clusters_that_pay_and_noise_has_none(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(nano, "shuffled_scores", partial(nano.shuffled_scores, draws=9))
    nano.main()
    assert "verdict: clusters that pay" in capsys.readouterr().out
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).normal(size=(30, 40)))
    nano.main(str(tmp_path / "noise.npy"), "3")
    assert "verdict: none that pay" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "k", "said"),
    [
        (np.ones(3), "2", "found shape (3,)"),
        (np.full((3, 3), np.nan), "2", "not finite"),
        (np.ones((3, 4)), "4", "k: found 4, expected 2 to 3"),
        (np.ones((3, 4)), "two", "'two'"),
        (None, "2", "No such file"),
    ],
)
def test_what_is_no_matrix_is_refused_in_one_line(content, k, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        np.save("weights.npy", content)
    with pytest.raises(SystemExit) as refused:
        nano.main("weights.npy", k)
    assert said in refused.value.code
    assert "\n" not in refused.value.code


def test_it_can_be_read_in_one_sitting():
    text = (DOCS / "nano.py").read_text()
    assert len(text.splitlines()) <= 200
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
    froms = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    names = [name.name for node in imports for name in node.names] + [node.module for node in froms]
    packages = {str(name).split(".")[0] for name in names} - sys.stdlib_module_names
    assert packages == {"numpy", "scipy", "sklearn"}


def test_examples_in_it_hold():
    found = doctest.testmod(nano)
    assert found.attempted
    assert not found.failed
