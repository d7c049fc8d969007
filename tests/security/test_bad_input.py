"""Bad input of all kinds is refused by a clear line, and what is accepted is what it says.

tests/helpers/fuzzing.py makes the cases, says what must come of them, and runs more by hand.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.numpy import save

import fuzzing
from clusterability.errors import UserError
from clusterability.networks.importing.read_network import read_network
from clusterability.networks.stacked import Networks, load_networks, save_networks
from clusterability.results.npz_files import load_items
from clusterability.study import config_files
from clusterability.study.config_files import named_configs, read_config
from clusterability.study.loading import load_study
from clusterability.training.images import read_idx
from malicious import MALICIOUS
from project import ROOT, committed

MEGABYTES = 2**20

COUNTS = {
    "config": 150,
    "text": 120,
    "own": 120,
    "safetensors": 50,
    "npz": 50,
    "npy": 50,
    "csv": 50,
    "pt": 50,
    "checkpoint": 60,
    "old checkpoint": 50,
    "onnx": 50,
    "gguf": 50,
    "tsv": 50,
    "semicolons": 50,
    "blanks": 50,
    "packed": 50,
    "mtx": 50,
    "parquet": 50,
    "sparse": 50,
    "idx": 60,
    "mnist": 40,
}
"""Cases by kind; every one differs."""


def peak_bytes() -> int:
    """The most memory that this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def refusal(call) -> str:
    """The one line by which a call is refused, with no more memory and no harm."""
    before = peak_bytes()
    _, text = fuzzing.attempt(call)
    assert text
    assert "\n" not in text
    assert "expected" in text
    assert peak_bytes() - before < 300 * MEGABYTES
    return text


@pytest.mark.parametrize("kind", COUNTS)
def test_mutated_input_is_right_or_refused_by_a_clear_line(kind, tmp_path):
    assert list(COUNTS) == list(fuzzing.CASES)
    assert sum(COUNTS.values()) >= 500
    before, accepted = peak_bytes(), 0
    for seed in range(COUNTS[kind]):
        try:
            accepted += fuzzing.run_case(kind, seed, tmp_path)
        except Exception as error:
            error.add_note(f"case {kind} {seed}; see tests/helpers/fuzzing.py")
            raise
    # Mutations that are all refused, or all accepted, would test little.
    assert 0 < accepted < COUNTS[kind]
    assert peak_bytes() - before < 1000 * MEGABYTES


def test_the_watch_sees_what_it_must(tmp_path):
    (tmp_path / "file").touch()

    def write() -> None:
        (tmp_path / "other").write_text("")

    for harm in (write, (tmp_path / "file").unlink, lambda: os.system("true")):
        with pytest.raises(AssertionError), fuzzing.harmless():
            harm()
    with pytest.raises(AssertionError), fuzzing.harmless(tmp_path / "allowed"):
        write()
    with fuzzing.harmless(tmp_path):
        write()


# --- claims of more than there is --------------------------------------------------------------


def npy_of(shape: tuple[int, ...], data: bytes = b"\0" * 16) -> bytes:
    """A `.npy` whose header claims a shape of float64."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("shape", [(10**6, 10**6), (2**32, 2**32), (2**63, 2), (-1, 10**12)])
@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_a_header_that_claims_a_terabyte_takes_no_memory(tmp_path, ending, shape):
    content = npy_of(shape)
    (tmp_path / f"w{ending}").write_bytes(
        content if ending == ".npy" else zip_of({"a.npy": content})
    )
    text = refusal(lambda: read_network("mine", tmp_path / f"w{ending}"))
    assert str(tmp_path / f"w{ending}") in text


def test_a_file_that_unpacks_to_more_than_may_be_takes_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("clusterability.networks.safe_arrays.MOST_BYTES", 10**6)
    zeros = npy_of((400, 400), bytes(8 * 400 * 400))
    (tmp_path / "w.npz").write_bytes(zip_of({"a.npy": zeros}, zipfile.ZIP_DEFLATED))
    assert "bytes of content" in refusal(lambda: read_network("mine", tmp_path / "w.npz"))


def test_a_safetensors_header_that_claims_a_terabyte_takes_no_memory(tmp_path):
    entry = {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4 * 10**12]}
    header = json.dumps({"fc1.weight": entry}).encode()
    for claimed in (len(header), 10**12):
        content = struct.pack("<Q", claimed) + header + bytes(64)
        (tmp_path / "w.safetensors").write_bytes(content)
        refusal(lambda: read_network("mine", tmp_path / "w.safetensors"))
        assert "remove the file" in refusal(lambda: load_networks(tmp_path / "w.safetensors"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_tensor_that_repeats_one_number_a_trillion_times_takes_no_memory(tmp_path, dtype):
    torch.save({"w": torch.zeros(1, dtype=dtype).expand(10**6, 10**6)}, tmp_path / "w.pt")
    assert (tmp_path / "w.pt").stat().st_size < 10_000
    refusal(lambda: read_network("mine", tmp_path / "w.pt"))


def test_flipped_bits_of_a_pytorch_file_are_seen(tmp_path):
    """PyTorch itself takes them for weights."""
    weights = torch.arange(1.0, 7.0).reshape(2, 3)
    torch.save({"w": weights}, tmp_path / "w.pt")
    content = bytearray((tmp_path / "w.pt").read_bytes())
    content[content.find(weights.numpy().tobytes()) + 2] ^= 0x40
    (tmp_path / "w.pt").write_bytes(content)
    assert not torch.equal(torch.load(tmp_path / "w.pt", weights_only=True)["w"], weights)
    assert "a wrong sum of member" in refusal(lambda: read_network("m", tmp_path / "w.pt"))


@pytest.mark.parametrize(
    "cell", ["1_0", "\u0661", "0x1", "1e", "1,2", "nan", "inf", "1e999", "1\0"]
)
def test_cells_that_are_no_plain_finite_numbers(tmp_path, cell):
    (tmp_path / "w.csv").write_text(f"1,2\n3,{cell}\n")
    text = refusal(lambda: read_network("mine", tmp_path / "w.csv"))
    assert "row 2" in text or "[1, 1]" in text


def test_an_idx_header_that_claims_a_terabyte_takes_no_memory(tmp_path):
    (tmp_path / "i").write_bytes(struct.pack(">4I", 0x803, 2**32 - 1, 2**32 - 1, 28) + bytes(28))
    assert "expected 516" in refusal(lambda: read_idx(tmp_path / "i"))


@pytest.mark.parametrize("text", [fuzzing.laughs(), fuzzing.merges(), "a: " + "[" * 5000])
def test_a_config_that_unfolds_without_end_takes_no_memory(tmp_path, text):
    (tmp_path / "study.yaml").write_text(text)
    refusal(lambda: read_config(tmp_path / "study.yaml"))


def test_values_that_aliases_repeat_are_not_written_out():
    value = ["x"]
    for _ in range(20):
        value = [value] * 10
    assert len(refusal(lambda: load_study({"seeds": value}))) < 500
    assert len(refusal(lambda: load_study({"seeds": [{"a": value}], "results": "results"}))) < 500


@pytest.mark.parametrize(
    "config",
    [
        {"seeds": [f"{n}0000-{n}9999" for n in range(1, 9999)]},
        {"recipe": {"architecture": "784-999999-999999-10"}},
        {"synthetic": {"a": {"rows": 10**9, "columns": 10**9}}},
        {"conditions": {"a": {"epochs": 10**12}}},
    ],
    ids=["seeds", "architecture", "synthetic", "epochs"],
)
def test_a_config_that_asks_for_too_much_takes_no_memory(config):
    assert "at most" in refusal(lambda: load_study(config))


# --- files of a study --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrays", "seeds", "found"),
    [
        ({"fc1.weight": np.full((2, 3, 4), np.nan, "f4")}, [0, 1], "not finite in fc1 of seed 0"),
        ({"fc1.weight": np.ones((2, 3, 4), "f8")}, [0, 1], "fc1.weight of F64 [2, 3, 4]"),
        ({"fc1.weight": np.ones((2, 3, 4), "i4")}, [0, 1], "fc1.weight of I32 [2, 3, 4]"),
        ({"fc1.weight": np.ones((3, 4), "f4")}, [0], "fc1.weight of F32 [3, 4]"),
        ({"fc1.weight": np.ones((3, 3, 4), "f4")}, [0, 1], "[3, 3, 4] for 2 seeds"),
        ({"fc2.weight": np.ones((2, 3, 4), "f4")}, [0, 1], "the arrays fc2.weight"),
        ({}, [0, 1], "the arrays (none)"),
        ({"fc1.weight": np.ones((2, 3, 4), "f4")}, [0, 0], "there twice: [0, 0]"),
        ({"fc1.weight": np.ones((2, 3, 4), "f4")}, [0, 2], "of seeds [0, 2], not 0-1"),
        (
            {f"fc{n}.weight": np.ones((2, 3, 4), "f4") for n in (1, 2)},
            [0, 1],
            "fc1 [2, 3, 4] before fc2 [2, 3, 4], which do not fit",
        ),
    ],
)
def test_a_weight_file_that_is_at_fault_is_named_with_what_to_do(tmp_path, arrays, seeds, found):
    file = tmp_path / "results/networks/trained/0-1.safetensors"
    file.parent.mkdir(parents=True)
    description = {"condition": "trained", "recipe": {}, "seeds": seeds}
    file.write_bytes(save(arrays, {"clusterability": json.dumps(description)}))
    text = refusal(lambda: load_networks(file))
    assert text.startswith(f"{file}: found ")
    assert found in text
    assert text.endswith("remove the file to have it made again")


def test_a_weight_file_of_another_condition_is_refused(tmp_path):
    file = tmp_path / "networks/trained/0.safetensors"
    save_networks(file, Networks("dropout", (0,), {}, {"fc1": np.ones((1, 2, 3), "f4")}))
    assert "of condition 'dropout', not 'trained'" in refusal(lambda: load_networks(file))


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": np.zeros((2, 4), "f4")},
        {"rows": np.zeros((2, 4, 1), "i2")},
        {"rows": np.zeros((3, 4), "i2")},
        {"rows": np.full((2, 4), 3, "i2")},
        {"columns": np.full((2, 5), -2, "i2")},
        {"feasible": np.ones(2, "i2")},
        {"feasible": None},
        {"more": np.ones(2)},
        {"rows": np.array([[None] * 4] * 2)},
    ],
)
def test_partitions_that_are_at_fault_are_named_with_what_to_do(tmp_path, changes):
    from clusterability.networks.partitions import Partitions

    sound = {
        "rows": np.zeros((2, 4), "i2"),
        "columns": np.zeros((2, 5), "i2"),
        "feasible": np.ones(2, bool),
    }
    for name, arrays in (("sound", sound), ("wrong", sound | changes)):
        content = {f"matched/3/{k}": v for k, v in arrays.items() if v is not None}
        np.savez(tmp_path / f"{name}.npz", **content)
    assert load_items(tmp_path / "sound.npz", Partitions)["matched", 3].feasible.all()
    text = refusal(lambda: load_items(tmp_path / "wrong.npz", Partitions))
    assert text.startswith(f"{tmp_path / 'wrong.npz'}: ")
    assert text.endswith("remove the file to have it made again")


# --- as a user sees it -------------------------------------------------------------------------


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Snakemake on this workflow, with another folder for config and results."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--cores", "1", *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1200
    )


TEMPLATE = "__use_yte__: true\nresults: ?open('pwned', 'w').name\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("seeds: [0\nk_grid: }\n", "config.yaml: found "),
        ("- 1\n", "config.yaml: found a list, expected keys with values"),
        ("seeds: [0]\nseeds: [1]\n", "config.yaml: found the key 'seeds' twice in line 2"),
        (TEMPLATE, "config.yaml: found '__use_yte__', by which a config runs code"),
        (fuzzing.laughs(), "config.yaml: found more than 100000 values"),
        ("results: results/networks\n", "config.yaml: results: found 'results/networks'"),
        ("conditions: {../up: {}}\n", "config.yaml: conditions.../up: found '../up'"),
        ("networks: {a: {path: no.npz}}\n", "networks.a.path: found no file no.npz"),
    ],
    ids=["syntax", "list", "twice", "template", "aliases", "results", "name", "file"],
)
def test_a_bad_config_is_one_line_of_snakemake(tmp_path, text, line):
    (tmp_path / "config.yaml").write_text(text)
    done = snakemake(tmp_path, "--dry-run")
    lines = [at for at in done.stderr.splitlines() if not at.startswith("Using ")]
    assert done.returncode
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(line)
    assert "expected" in lines[0]
    assert not done.stdout
    assert {path.name for path in tmp_path.iterdir()} <= {"config.yaml", ".snakemake"}


@pytest.mark.parametrize(
    "content",
    [
        b"seeds: [\n", b"- 1\n", b"", b"\xff\xfe", b"a: \0", TEMPLATE.encode(), None,
        b"a: !!python/object/apply:os.system [touch pwned]\n",
    ],
)  # fmt: skip
def test_make_looks_at_a_config_before_snakemake_reads_it(tmp_path, monkeypatch, capsys, content):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("study.yaml").write_bytes(content)
    with fuzzing.harmless():
        status = config_files.main(["--cores", "1", "--configfile", "study.yaml", "--dry-run"])
    lines = capsys.readouterr().err.splitlines()
    assert status == os.EX_DATAERR
    assert len(lines) == 1
    assert lines[0].startswith("study.yaml: found ")
    assert "expected" in lines[0]
    makefile = (ROOT / "Makefile").read_text()
    (body,) = re.findall(r"^define snakemake\n(.*?)^endef", makefile, re.M | re.S)
    looks = re.search(r"-m clusterability\.study\.config_files \$\(ARGS\) \|\| exit;", body)
    assert looks is not None
    assert looks.end() < body.index('"$(BIN)/snakemake"')
    assert makefile.count('"$(BIN)/snakemake"') == 3  # said and run there; its style


@pytest.mark.parametrize(
    ("arguments", "configs"),
    [
        ([], ["config.yaml"]),
        (["--config", "a=1", "--cores", "2"], ["config.yaml"]),
        (["--configfile", "a.yaml", "b.yaml", "--dry-run"], ["a.yaml", "b.yaml"]),
        (["-n", "--configfiles=a.yaml", "--configfile", "b.yaml"], ["a.yaml", "b.yaml"]),
    ],
)
def test_configs_that_the_command_line_names(arguments, configs):
    assert named_configs(arguments) == [Path(config) for config in configs]


STUDIES = sorted(f"studies/{file.name}" for file in ROOT.glob("studies/*.yaml"))


@pytest.mark.parametrize("name", ["config.yaml", *STUDIES])
def test_configs_of_the_repository_are_read(name, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(committed(name))
    assert read_config(file) == yaml.safe_load(committed(name))


def test_merge_keys_and_aliases_of_a_sensible_size_are_read(tmp_path):
    (tmp_path / "s.yaml").write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]\n")
    found = read_config(tmp_path / "s.yaml")
    assert found == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": [{"x": 1, "y": 2}] * 2}


MATRICES = {
    "seeds": ["0-1"],
    "k_grid": ["2-3"],
    "synthetic": {"planted": {"rows": 12, "columns": 10, "clusters": 2, "contrast": 0.9}},
    "nulls": {"shuffle": 3},
    "clustering": {"methods": ["matched"], "restarts": 1},
}


@pytest.mark.slow
def test_a_weight_file_with_nan_ends_its_job_with_one_line(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(MATRICES))
    target = "results/clusters/planted/0-1/fc1/2-3.npz"
    first = snakemake(tmp_path, target)
    assert first.returncode == 0, first.stderr
    file = Path("results/networks/planted/0-1.safetensors")
    networks = load_networks(tmp_path / file)
    networks.weights["fc1"][1, 2, 3] = np.nan
    save_networks(tmp_path / file, networks)
    (tmp_path / target).unlink()
    done = snakemake(tmp_path, target)
    assert done.returncode
    line = (
        f"{file}: found a weight that is not finite in fc1 of seed 1, expected weights of this"
        " study; remove the file to have it made again"
    )
    assert line in done.stderr.splitlines()
    assert "Traceback" not in done.stderr + done.stdout
    assert (
        "Traceback" not in (tmp_path / "results/logs/cluster/planted/0-1/fc1/2-3.log").read_text()
    )
    # What the line says to do helps.
    (tmp_path / file).unlink()
    again = snakemake(tmp_path, target)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / target).exists()


@pytest.mark.parametrize("name", MALICIOUS)
@pytest.mark.parametrize(
    "ending",
    [
        *(".pt", ".ckpt", ".npy", ".npz", ".safetensors"),
        *(".csv", ".tsv", ".csv.gz", ".mtx", ".parquet"),
    ],
)
def test_a_pickle_under_any_name_is_refused(tmp_path, name, ending):
    payloads = {"w": MALICIOUS[name], "w/data.pkl": MALICIOUS[name], "w.npy": MALICIOUS[name]}
    for content in (MALICIOUS[name], zip_of(payloads)):
        (tmp_path / f"w{ending}").write_bytes(content)
        refusal(lambda: read_network("mine", tmp_path / f"w{ending}"))
        with pytest.raises(UserError):
            load_networks(tmp_path / f"w{ending}")
