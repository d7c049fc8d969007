"""Rule `validate`: tabulate how well each measure detects, recovers and predicts."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.detection import detection_rows
from clusterability.analysis.prediction import (
    cluster_prediction,
    condition_prediction,
    network_prediction,
)
from clusterability.analysis.recovery import recovery_rows
from clusterability.analysis.validity import validity_table
from clusterability.analysis.validity_inputs import (
    all_seeds,
    detection_scores,
    planted_agreement,
    planted_doses,
    prediction_clusters,
    prediction_scores,
)
from clusterability.files import write_csv
from clusterability.jobs.comparison_jobs import ValidityJob
from clusterability.resampling import Resamples
from clusterability.results.reading import read_csv

with running(snakemake):
    inputs, job = snakemake.input, ValidityJob.of(snakemake.params.job)
    networks = read_csv(inputs.networks)
    accuracy = networks.groupby("condition")["test_accuracy"].mean().to_dict()
    resamples = Resamples.draw(all_seeds(inputs.scores), job.resamples)
    planted = detection_scores(inputs.scores, inputs.contenders, job.pairs, job.judged)
    recovered = planted_agreement(inputs.agreement)
    rows = recovery_rows(planted, recovered, job.judged)
    doses = planted_doses(planted)
    rows += detection_rows(planted, recovered, accuracy, job.pairs, resamples, doses)
    rows += cluster_prediction(prediction_clusters(inputs.clusters), resamples)
    scores = prediction_scores(inputs.scores)
    rows += network_prediction(scores, resamples) + condition_prediction(scores, resamples)
    write_csv(Path(snakemake.output.validity), validity_table(rows))
