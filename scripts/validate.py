"""Rule `validate`: which measure is right, as a table and in words."""

from pathlib import Path

import pandas as pd

from clusterability.answer import answer
from clusterability.detection import detection_rows
from clusterability.files import write_csv, write_whole
from clusterability.prediction import (
    cluster_prediction,
    condition_prediction,
    network_prediction,
)
from clusterability.resampling import Resamples
from clusterability.validity import validity_table
from job import running

with running(snakemake):
    inputs, study = snakemake.input, snakemake.params.study
    scores, agreement = pd.read_parquet(inputs.scores), pd.read_parquet(inputs.agreement)
    networks = pd.read_csv(inputs.networks)
    accuracy = networks.groupby("condition")["test_accuracy"].mean().to_dict()
    resamples = Resamples.draw(scores["seed"], study["resamples"])
    rows = detection_rows(scores, agreement, accuracy, study["pairs"], resamples)
    rows += cluster_prediction(pd.read_parquet(inputs.clusters), resamples)
    rows += network_prediction(scores, resamples) + condition_prediction(scores, resamples)
    table = validity_table(rows)
    write_csv(Path(snakemake.output.validity), table)
    text = answer(table, networks, study["method"], study["resamples"])
    write_whole(Path(snakemake.output.answer), text.encode())
