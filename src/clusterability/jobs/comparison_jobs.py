"""Parameters of jobs that compare partitions, networks and measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AgreementJob:
    """Parameters of the agreement of partitions.

    Attributes:
        draws: permutations of labels that each agreement is compared with.
        shared_ends: whether all networks share their input and output units.
        task: task of the networks, which may define modules.
    """

    draws: int
    shared_ends: bool
    task: str


@dataclass(frozen=True)
class AggregationJob:
    """Parameters of the tables of a study, apart from the rows of all blocks.

    Attributes:
        fresh_of: condition of the fresh networks to compare with, by condition.
        initial_of: condition of the networks before training, by condition.
    """

    fresh_of: Mapping[str, str]
    initial_of: Mapping[str, str]


@dataclass(frozen=True)
class PlantedPair:
    """A condition with planted clusters and its reference without them.

    Attributes:
        condition, reference: names of the two conditions.
        dose: strength of planting, from 0.
        family: `trained` or `synthetic`.
        k, layer: number of planted clusters and their layer.
    """

    condition: str
    reference: str
    dose: float
    family: str
    k: int
    layer: str


@dataclass(frozen=True)
class JudgedCondition:
    """A condition for which the true clusters are known.

    Attributes:
        condition: name of the condition.
        family: `trained` or `synthetic`.
        k, layer: where partitions are evaluated; those of the planted clusters.
        planted: whether clusters are planted; if not, there is no structure to detect.
    """

    condition: str
    family: str
    k: int
    layer: str
    planted: bool


@dataclass(frozen=True)
class ContenderJob:
    """Parameters of the contending measures, apart from the networks.

    Attributes:
        method: name of the scaled method whose partitions are evaluated; it clusters the visible
            entries.
        nulls: number of draws by null.
        places: layers and k at which partitions are evaluated.
        planted: whether clusters were planted by training.
        restarts: restarts of k-means.
    """

    method: str
    nulls: Mapping[str, int]
    places: Sequence[tuple[str, int]]
    planted: bool
    restarts: int


@dataclass(frozen=True)
class ValidityJob:
    """Parameters of the validity of measures, apart from the tables.

    Attributes:
        method: method whose partitions are evaluated; None if no layers are clustered.
        pairs: conditions with planted clusters and their references.
        judged: conditions whose partitions are evaluated.
        resamples: bootstrap samples of seeds.
    """

    method: str | None
    pairs: Sequence[PlantedPair]
    judged: Sequence[JudgedCondition]
    resamples: int

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> ValidityJob:
        """Rebuild the job from the parameters that `asdict` gave."""
        pairs = [PlantedPair(**pair) for pair in params["pairs"]]
        judged = [JudgedCondition(**each) for each in params["judged"]]
        return cls(**{**params, "pairs": pairs, "judged": judged})


@dataclass(frozen=True)
class SnapshotsJob:
    """Parameters of the table of networks during training, step by step.

    Attributes:
        k, method: partitions whose z are shown; the method is None if no layers are clustered.
        measures: measures whose z are shown.
        steps: by condition with snapshots, the training steps of each of its snapshot conditions
            and of the condition itself.
    """

    k: int
    measures: Sequence[str]
    method: str | None
    steps: Mapping[str, Mapping[str, int]]
