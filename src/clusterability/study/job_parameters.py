"""Parameters of the jobs of a study; `asdict` turns them into the rules' parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.jobs.clustering_job import ClusteringJob, LabelsJob, NullJob
from clusterability.jobs.comparison_jobs import (
    AggregationJob,
    AgreementJob,
    ContenderJob,
    SnapshotsJob,
    ValidityJob,
)
from clusterability.jobs.equal_size_job import EqualSizeJob
from clusterability.jobs.import_job import ImportJob
from clusterability.jobs.probing_job import ProbingJob
from clusterability.jobs.stratified_job import StratifiedJob
from clusterability.jobs.training_job import FreshJob, TrainingJob
from clusterability.networks.tasks import TASKS
from clusterability.study.planted_conditions import judged_conditions, planted_pairs
from clusterability.study.sections import Clustering
from clusterability.study.study import Study, fresh_recipe


def training_job(study: Study, condition: str) -> TrainingJob:
    """Parameters for training the networks of a condition."""
    recipe = study.recipe_of(condition)
    return TrainingJob(
        dataset=study.dataset.name,
        epochs_before=study.epochs_before(condition),
        history_every=study.training.history_every,
        origin=asdict(training_job(study, recipe.origin)) if recipe.origin else None,
        recipe=dict(sorted(recipe.model_dump().items())),
        test_images=study.dataset.test_images,
        train_images=study.dataset.train_images,
    )


def fresh_job(name: str) -> FreshJob:
    """Parameters of the fresh networks with this name, without their number."""
    return FreshJob(**fresh_recipe(name))


def import_job(study: Study, name: str) -> ImportJob:
    """Parameters for importing the network of this name."""
    network = study.networks[name]
    return ImportJob(network.path, **network.reading, table=network.table)


def clustering_job(clustering: Clustering, layer: str) -> ClusteringJob:
    """Parameters for clustering a layer."""
    return ClusteringJob(clustering.methods_for(layer), clustering.restarts, clustering.scalings)


def null_job(clustering: Clustering, null: str, draws: int, layer: str) -> NullJob:
    """Parameters of the draws of a null, clustered in the same way as the layer."""
    fewer = clustering.fewer_draws(null, layer, draws)
    return NullJob(
        clustering.methods_for(layer), clustering.restarts, clustering.scalings, draws, fewer
    )


def stratified_job(study: Study, name: str, draws: int, layer: str) -> StratifiedJob:
    """Parameters of the draws of the null `within` for a layer of a condition."""
    job = null_job(study.clustering, "within", draws, layer)
    images = TASKS[study.task_of(name)].images
    return StratifiedJob(**asdict(job), strata=study.strata.number, images=images)


def adaptive_draws(
    clustering: Clustering, nulls: Mapping[str, int], layer: str
) -> dict[str, AdaptiveDraws]:
    """Largest numbers of draws, for the nulls of a layer whose draws end by a rule."""
    return {
        null: AdaptiveDraws(draws, clustering.fewer_draws(null, layer, draws))
        for null, draws in nulls.items()
    }


def labels_job(clustering: Clustering, draws: int, layer: str) -> LabelsJob:
    """Parameters for permuting the labels of a layer's partitions."""
    return LabelsJob(draws, clustering.fewer_draws("labels", layer, draws))


def probing_job(study: Study, name: str, block: str) -> ProbingJob:
    """Parameters for probing the units of a condition's networks, at the k of a block."""
    return ProbingJob(
        dataset=study.dataset.name,
        examples=study.examples_of(name).examples,
        groups=study.probe.groups,
        images=min(study.probe.images, *study.shown_images.values()),
        k=study.probed_k_of(block),
        test_images=study.dataset.test_images,
        train_images=study.dataset.train_images,
    )


def agreement_job(study: Study, name: str) -> AgreementJob:
    """Parameters for the agreement of a condition's partitions."""
    ends = name in study.conditions
    return AgreementJob(study.agreement.draws, shared_ends=ends, task=study.task_of(name))


def equal_size_job(study: Study) -> EqualSizeJob:
    """Parameters for scoring submatrices of a layer."""
    settings = study.equal_size
    return EqualSizeJob(
        methods=settings.methods,
        restarts=study.clustering.restarts,
        scalings=settings.scalings,
        k=settings.k,
        submatrices=settings.submatrices,
        draws=settings.draws,
    )


def aggregation_job(study: Study) -> AggregationJob:
    """Parameters for aggregating the tables of the study."""
    initial = {name: study.initial_of(name) for name in study.conditions}
    fresh = {name: study.fresh_of(name) for name in study.conditions}
    return AggregationJob(
        fresh_of={name: other for name, other in sorted(fresh.items()) if other},
        initial_of={name: other for name, other in sorted(initial.items()) if other},
    )


def contender_job(study: Study, condition: str) -> ContenderJob:
    """Parameters for the contenders, in a condition whose partitions are judged."""
    method = study.drawn_method
    assert method is not None, "layers are clustered where partitions are judged"
    layers = [(e.layer, e.k) for e in judged_conditions(study) if e.condition == condition]
    # `within` needs a covariate, and permutes the same weights as `shuffle`.
    nulls = {null: study.nulls[null] for null in study.redrawn_nulls if null != "within"}
    planted = condition in study.conditions and study.plants(condition)
    return ContenderJob(method, nulls, layers, planted, study.clustering.restarts)


def snapshots_job(study: Study) -> SnapshotsJob:
    """Parameters for the snapshots of networks, step by step."""
    steps = {name: study.trajectory_of(name) for name in study.snapshots}
    return SnapshotsJob(study.drawn_k, study.drawn_measures, study.drawn_method, steps)


def validity_job(study: Study) -> ValidityJob:
    """Parameters for judging which measure is right and whether published findings hold."""
    planted, judged = planted_pairs(study), judged_conditions(study)
    return ValidityJob(study.drawn_method, planted, judged, study.validity.resamples)
