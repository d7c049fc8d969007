"""Files of covariates: what is read, and what a user is told."""

from __future__ import annotations

import pytest

from clusterability.errors import UserError
from clusterability.nulls.within import STRATA
from clusterability.study.covariates import check_covariates, read_covariate
from clusterability.study.loading import load_study

KEY = "networks.mine.covariate"


def study_of(path, **network):
    networks = {"mine": {"path": "mine.npz", "covariate": str(path)} | network}
    return load_study({"networks": networks, "nulls": {"within": 19}})


@pytest.mark.parametrize(
    "text",
    [
        "age\n1.5\n-2\n3e2\n",
        "1.5\n-2\n3e2",
        "\ufeffage\r\n1.5\r\n-2\r\n\r\n3e2\r\n",
        '"age, in years"\n"1.5"\n -2 \n300\n',
    ],
)
def test_one_number_a_line_is_read_with_or_without_a_name(tmp_path, text):
    file = tmp_path / "ages.csv"
    file.write_text(text, encoding="utf-8", newline="")
    assert read_covariate(file, KEY) == [1.5, -2, 300]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"age\n1\nx\n", "found 'x' in line 3 of FILE, expected one finite number a line"),
        (b"1,2\n3,4\n", "found '1,2' in line 1 of FILE, expected one finite number a line"),
        (b"age\n1\n2;5\n", "found '2;5' in line 3"),
        (b"age\nnan\n", "found 'nan' in line 2"),
        (b"inf\n2\n", "found 'inf' in line 1"),
        (b"age\n\xff\xfe\n", "found FILE, which cannot be read ("),
        (None, "found no file FILE, expected a CSV file"),
    ],
)
def test_what_is_no_number_is_told_in_one_line(tmp_path, content, told):
    file = tmp_path / "ages.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError) as raised:
        read_covariate(file, KEY)
    assert str(raised.value).startswith(f"{KEY}: {told.replace('FILE', str(file))}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("count", [0, 2, 4])
def test_there_is_one_number_a_column(tmp_path, count):
    file = tmp_path / "ages.csv"
    file.write_text("age\n" + "1\n" * count)
    with pytest.raises(UserError) as raised:
        check_covariates(study_of(file), {"mine": {"fc1": (5, 3), "fc2": (2, 5)}})
    assert str(raised.value) == (
        f"{KEY}: found {count} numbers in {file}, expected 3, one for each column of fc1"
    )
    # Where the config lists layers, the file of weights is not read before the jobs run.
    check_covariates(study_of(file, layers=["a"]), {"mine": {"fc1": None}})


def test_covariates_that_fit_and_networks_without_one_pass(tmp_path):
    file = tmp_path / "ages.csv"
    file.write_text("1\n2\n3\n")
    check_covariates(study_of(file), {"mine": {"fc1": (5, 3)}})
    check_covariates(load_study({"networks": {"mine": {"path": "mine.npz"}}}), {})


def test_a_covariate_is_not_one_of_the_studys_own_results():
    told = "networks.mine.covariate: found 'results/nulls/a.csv', expected a file that is not"
    with pytest.raises(UserError, match=told):
        study_of("results/nulls/a.csv")


def test_strata_have_a_covariate_and_a_number():
    assert (study_of("a.csv").strata.covariate, study_of("a.csv").strata.number) == (
        "pixel_deviation",
        STRATA,
    )
    for strata, told in (
        ({"covariate": "pixel_means"}, "strata.covariate: found 'pixel_means', expected"),
        ({"number": 0}, "strata.number: found 0, expected a number of at least 1"),
    ):
        with pytest.raises(UserError, match=told):
            load_study({"strata": strata})
