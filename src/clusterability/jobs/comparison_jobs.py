"""What partitions, networks and measures are compared for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AgreementJob:
    """What decides the agreement of partitions, beside these.

    Attributes:
        draws: permutations of labels that each agreement is compared with.
        shared_ends: whether all networks share their inputs and outputs.
        task: what the networks are trained to tell, which may have modules.
    """

    draws: int
    shared_ends: bool
    task: str


@dataclass(frozen=True)
class AggregationJob:
    """What decides the tables of a study, beside the rows of all blocks.

    Attributes:
        fresh_of: condition to the condition of fresh networks that it is compared with.
        initial_of: condition to the condition of its networks before training.
    """

    fresh_of: Mapping[str, str]
    initial_of: Mapping[str, str]


@dataclass(frozen=True)
class PlantedPair:
    """A condition with planted clusters and its reference, the same without them.

    Attributes:
        condition, reference: their names.
        dose: strength of planting, from 0.
        family: `trained` or `synthetic`.
        k, layer: of the planted clusters.
    """

    condition: str
    reference: str
    dose: float
    family: str
    k: int
    layer: str


@dataclass(frozen=True)
class JudgedCondition:
    """A condition of whose partitions it is known what there is to find.

    Attributes:
        condition: its name.
        family: `trained` or `synthetic`.
        k, layer: at which its partitions are judged; those of the planted clusters.
        planted: whether there are any; otherwise there is nothing to find.
    """

    condition: str
    family: str
    k: int
    layer: str
    planted: bool


@dataclass(frozen=True)
class ContenderJob:
    """What decides the measures that contend, beside the networks.

    Attributes:
        method: at its scale, whose partitions are judged; it clusters the entries that are shown.
        nulls: draws by null.
        places: layers and k at which partitions are judged.
        planted: whether clusters were planted by training.
        restarts: starts of k-means.
    """

    method: str
    nulls: Mapping[str, int]
    places: Sequence[tuple[str, int]]
    planted: bool
    restarts: int


@dataclass(frozen=True)
class ValidityJob:
    """What decides which measure is found right, beside the tables.

    Attributes:
        method: whose partitions are asked; None where no layers are clustered.
        pairs: conditions with planted clusters and their references.
        judged: conditions whose partitions are judged.
        resamples: bootstrap samples of seeds.
    """

    method: str | None
    pairs: Sequence[PlantedPair]
    judged: Sequence[JudgedCondition]
    resamples: int

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> ValidityJob:
        """The job that `asdict` made these parameters of."""
        pairs = [PlantedPair(**pair) for pair in params["pairs"]]
        judged = [JudgedCondition(**each) for each in params["judged"]]
        return cls(**{**params, "pairs": pairs, "judged": judged})


@dataclass(frozen=True)
class SnapshotsJob:
    """What is told of networks on their way, step by step.

    Attributes:
        k, method: of the partitions whose z are taken; None where no layers are clustered.
        measures: whose z.
        steps: by condition with snapshots, the training steps of its networks on the way by the
            conditions that they are, and of itself.
    """

    k: int
    measures: Sequence[str]
    method: str | None
    steps: Mapping[str, Mapping[str, int]]
