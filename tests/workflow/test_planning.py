"""Plans: what differs between parameters, what jobs will cost, and which files nobody asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from clusterability_workflow.planning import (
    MOVED,
    Costs,
    PlannedJob,
    find_orphans,
    parameter_changes,
    plan_lines,
    trained_again,
)
from clusterability_workflow.records import Record, record_path

STUDY = Path("results/study")


# --- why ---------------------------------------------------------------------------------------


def changes(before: list[object], now: list[object]) -> list[str]:
    return parameter_changes(map(repr, before), map(repr, now))


def test_a_changed_number_is_named_with_both_values():
    recipe = {"recipe": {"epochs": 5, "l1": 0.1}, "images": None}
    other = {"recipe": {"epochs": 8, "l1": 0.1}, "images": None}
    assert changes([recipe], [other]) == ["parameter recipe.epochs: 5 -> 8"]


def test_a_study_from_before_the_folders_says_so_once():
    before = [{"train.py": "1", "clusterability/recipe.py": "2"}, {"epochs": 5}]
    now = [{"scripts/train.py": "1", "src/clusterability/training/recipe.py": "2"}, {"epochs": 5}]
    assert changes(before, now) == [MOVED]
    epochs = [*now[:1], {"epochs": 8}]
    assert changes(before, epochs) == [MOVED, "parameter epochs: 5 -> 8"]


def test_two_values_swapped_are_both_named():
    found = changes([{"l1": 0.25, "l2": 0.5}], [{"l1": 0.5, "l2": 0.25}])
    assert found == ["parameter l1: 0.25 -> 0.5", "parameter l2: 0.5 -> 0.25"]


def test_modules_and_versions_are_told_apart_from_numbers():
    code = {"src/measures.py": "aa", "score.py": "bb"}
    software = {"numpy": "2.4.6", "torch": "2.14.1"}
    edited, newer = code | {"src/measures.py": "cc"}, software | {"numpy": "2.5.0"}
    found = changes([code, software, {"draws": 3}], [edited, newer, {"draws": 3}])
    assert found == ["code of src/measures.py", "parameter numpy: 2.4.6 -> 2.5.0"]


def test_an_import_that_comes_or_goes_is_named():
    assert changes([{"a.py": "1", "b.py": "2"}], [{"a.py": "1", "c.py": "3"}]) == [
        "no more import of b.py",
        "new import of c.py",
    ]


def test_lists_and_values_that_come_alone():
    assert changes([["shuffle"]], [["shuffle", "labels"]]) == [
        "parameter values: ['shuffle'] -> ['shuffle', 'labels']"
    ]
    assert changes([], [{"draws": 3}]) == ["parameter draws: none -> 3"]


# --- what it costs -----------------------------------------------------------------------------


def job(benchmark: str, *outputs: str, **changes) -> PlannedJob:
    values = {"rule": benchmark.split("/")[0], "reasons": ("new",)} | changes
    return PlannedJob(outputs=outputs, benchmark=STUDY / "benchmarks" / benchmark, **values)


def has_run(folder: Path, benchmark: str, seconds: float, size: int = 0, **params) -> None:
    """Leaves what a job leaves: a benchmark, a file, and the record of it."""
    file = folder / "benchmarks" / benchmark
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:00\t100\n")
    output = folder / "networks" / benchmark
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(bytes(size))
    log = folder / "logs" / Path(benchmark).with_suffix(".log")
    Record.of_files("any", {}, params, [str(output)]).write(record_path(log))


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def expected(benchmark: str, **params):
    costs = Costs.of_earlier_jobs(STUDY, Path("results"))
    return costs.expected(job(benchmark, params=params))


def test_the_same_condition_says_most_and_a_job_grows_with_its_block(here):
    has_run(STUDY, "train/trained/0-9.tsv", 22.0, size=1000)
    has_run(STUDY, "train/untrained/0-9.tsv", 3.0, size=1000)
    cost, own = expected("train/trained/10-29.tsv")
    # Seconds of start, which do not grow, and twice the networks.
    assert (cost.seconds, cost.size, own) == (3.5 + 18.5 * 2, 2000, True)
    assert expected("train/trained/10-19.tsv")[0].seconds == 22.0
    assert expected("train/untrained/10-19.tsv")[0].seconds == 3.0


def test_a_new_condition_is_like_the_others_and_nulls_are_told_apart(here):
    has_run(STUDY, "null/trained/0-9/fc1/2-12.shuffle.tsv", 30.0)
    has_run(STUDY, "null/trained/0-9/fc2/2-12.shuffle.tsv", 8.0)
    has_run(STUDY, "null/trained/0-9/fc1/2-12.labels.tsv", 3.0)
    assert expected("null/dropout/0-9/fc2/2-12.shuffle.tsv")[0].seconds == 8.0
    assert expected("null/dropout/0-9/fc1/2-12.labels.tsv")[0].seconds == 3.0
    # k alone: one value instead of eleven.
    assert expected("null/trained/0-9/fc1/16.shuffle.tsv")[0].seconds == pytest.approx(
        0.5 + 29.5 / 11
    )


def test_jobs_of_other_studies_are_a_guess(here):
    has_run(Path("results/other"), "train/trained/0-9.tsv", 22.0)
    cost, own = expected("train/trained/0-9.tsv")
    assert (cost.seconds, own) == (22.0, False)
    assert expected("probe/trained/0-9/fc1/2-12.tsv") == (None, False)
    has_run(STUDY, "train/l1/0-9.tsv", 50.0)
    assert expected("train/trained/0-9.tsv") == expected("train/l1/0-9.tsv")


def test_records_from_before_the_folders_say_how_long_jobs_take(here):
    has_run(Path("results/other"), "null/a/0-1/fc1/2.shuffle.tsv", 1.5, 100, study={"draws": 9})
    cost, _ = expected("null/b/0-1/fc1/2.shuffle.tsv", job={"draws": 99})
    assert (cost.seconds, cost.size) == (pytest.approx(0.5 + 1.0 * 11), 1100)


def test_more_draws_and_more_epochs_take_longer(here):
    has_run(Path("results/other"), "null/a/0-1/fc1/2.shuffle.tsv", 1.5, 100, job={"draws": 9})
    cost, _ = expected("null/b/0-1/fc1/2.shuffle.tsv", job={"draws": 99})
    assert (cost.seconds, cost.size) == (pytest.approx(0.5 + 1.0 * 11), 1100)
    quick = {"recipe": {"epochs": 1}, "train_images": 6000}
    has_run(Path("results/other"), "train/a/0-1.tsv", 5.5, 100, job=quick)
    cost, _ = expected("train/a/0-1.tsv", job={"recipe": {"epochs": 8}, "train_images": None})
    assert (cost.seconds, cost.size) == (pytest.approx(3.5 + 2.0 * 80), 100)


def test_a_damaged_benchmark_says_nothing(here):
    file = STUDY / "benchmarks/train/trained/0-9.tsv"
    file.parent.mkdir(parents=True)
    for content in ("", "s\n", "s\nmany\n", "h:m:s\n0:00:01\n"):
        file.write_text(content)
        assert expected("train/trained/0-9.tsv") == (None, False)


def test_the_plan_adds_up(here):
    has_run(STUDY, "train/trained/0-9.tsv", 3600.0, size=5_000_000)
    jobs = [
        job("train/trained/10-19.tsv", threads=2, gpus=1),
        job("train/l1/0-9.tsv", threads=2, gpus=1),
        job("probe/l1/0-9/fc1/2-12.tsv", reasons=("after train",)),
        job("train/trained/0-9.tsv", reasons=()),
    ]
    costs = Costs.of_earlier_jobs(STUDY, Path("results"))
    text = "\n".join(plan_lines(STUDY, jobs, costs, None, cores=4, free=10**9))
    assert "results/study: 3 of 4 jobs to run" in text
    assert "4.00 core hours, so at least 60.0 minutes on 4 cores; 2.00 GPU hours" in text
    assert "Disk: 10.0 MB to be written; 1.0 GB free" in text
    assert "no such job has run: probe" in text


def test_files_that_are_gone_say_no_size_but_their_time(here):
    has_run(STUDY, "null/trained/0-9/fc1/2-12.shuffle.tsv", 30.0, size=1000)
    (STUDY / "networks/null/trained/0-9/fc1/2-12.shuffle.tsv").unlink()
    cost, _ = expected("null/trained/10-19/fc1/2-12.shuffle.tsv")
    assert (cost.seconds, cost.size) == (30.0, None)
    has_run(Path("results/other"), "null/trained/0-9/fc1/2-12.shuffle.tsv", 99.0, size=2000)
    cost, own = expected("null/trained/10-19/fc1/2-12.shuffle.tsv")
    assert (cost.seconds, cost.size, own) == (30.0, 2000, True)


def test_the_plan_tells_draws_that_go_from_what_stays(here):
    has_run(STUDY, "cluster/trained/0-9/fc1/2.tsv", 1.0, size=3000)
    has_run(STUDY, "null/trained/0-9/fc1/2.shuffle.tsv", 1.0, size=5_000_000)
    draws = "results/study/nulls/trained/10-19/fc1/2.shuffle.npz"
    jobs = [
        job("cluster/trained/10-19/fc1/2.tsv", "clusters"),
        job("null/trained/10-19/fc1/2.shuffle.tsv", draws, passing=(draws,)),
    ]

    def disk() -> str:
        costs = Costs.of_earlier_jobs(STUDY, Path("results"))
        lines = plan_lines(STUDY, jobs, costs, None, cores=4, free=10**9)
        return "\n".join(lines[lines.index(next(x for x in lines if x.startswith("Disk"))) :])

    told = "Disk: 3.0 kB to be written, and {} of draws that go once they are scored; 1.0 GB free"
    assert disk() == told.format("5.0 MB")
    (STUDY / "networks/null/trained/0-9/fc1/2.shuffle.tsv").unlink()
    assert disk() == told.format("some")
    (STUDY / "networks/cluster/trained/0-9/fc1/2.tsv").unlink()
    assert disk().endswith("Not in what is to be written, since such files are gone: cluster")


# --- what nobody asks for ----------------------------------------------------------------------


def test_draws_that_nobody_reads_any_more_are_orphans(here):
    names = [f"results/study/nulls/trained/0-9/fc1/2.{null}.npz" for null in ("shuffle", "labels")]
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    read, spent = names
    jobs = [
        job("null/trained/0-9/fc1/2.shuffle.tsv", read, passing=(read,)),
        job("null_labels/trained/0-9/fc1/2.labels.tsv", spent, passing=(spent,), spent=(spent,)),
    ]
    assert find_orphans(STUDY, jobs).results == (Path(spent),)


def test_orphans_are_what_no_job_writes_with_all_that_belongs_to_it(here):
    for seeds in ("0-9", "10-19"):
        has_run(STUDY, f"train/trained/{seeds}.tsv", 1.0, size=100)
        (STUDY / "logs/train/trained").mkdir(parents=True, exist_ok=True)
        (STUDY / f"logs/train/trained/{seeds}.log").touch()
    checkpoint = STUDY / "checkpoints/gone/0-9/0-9.safetensors"
    kept_checkpoint = STUDY / "checkpoints/trained/10-19/10-19.safetensors"
    other_study = STUDY / "inner/networks/trained/0-9.safetensors"
    for file in (checkpoint, kept_checkpoint, other_study, STUDY / "logs/slurm.log"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    networks = str(STUDY / "networks/trained/10-19.safetensors")
    table = str(STUDY / "networks/train/trained/10-19.tsv")
    jobs = [job("train/trained/10-19.tsv", networks, table, reasons=())]

    orphans = find_orphans(STUDY, jobs)
    assert set(orphans.results) == {STUDY / "networks/train/trained/0-9.tsv", checkpoint}
    assert {file.relative_to(STUDY).as_posix() for file in orphans.others} == {
        "benchmarks/train/trained/0-9.tsv",
        "records/train/trained/0-9.json",
        "logs/train/trained/0-9.log",
    }
    orphans.remove(STUDY)
    assert find_orphans(STUDY, jobs).results == ()
    assert Path(table).exists()
    assert kept_checkpoint.exists()
    assert other_study.exists()
    assert (STUDY / "logs/slurm.log").exists()
    assert not (STUDY / "checkpoints/gone").exists()


def test_an_enlarged_block_is_warned_of(here):
    old = STUDY / "networks/trained/0-9.safetensors"
    old.parent.mkdir(parents=True)
    old.touch()
    enlarged = job("train/trained/0-19.tsv", str(STUDY / "networks/trained/0-19.safetensors"))
    appended = job("train/trained/10-19.tsv", str(STUDY / "networks/trained/10-19.safetensors"))
    orphans = find_orphans(STUDY, [enlarged])
    (warning,) = trained_again(orphans, [enlarged])
    assert warning.startswith("trained 0-9 is trained again as a part of 0-19")
    assert trained_again(orphans, [appended]) == []
