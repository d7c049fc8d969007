"""Selection of the arrays of a file that are layers, in order; no array is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Literal

from clusterability.errors import UserError
from clusterability.networks.importing.lazy_arrays import REAL_KINDS, Facts, facts_of, notes_of
from clusterability.networks.importing.tables.table_reading import AS_IT_SHOWS, TableReading
from clusterability.networks.importing.wording import Arrays, listed, quoted, stem

NOT_A_MATRIX, CONVOLUTION = "of less than two dimensions", "convolutions or stacks of matrices"
EMBEDDING, INTEGERS = "embeddings", "of integers"
NOT_ASKED, NO_NUMBERS = "not asked for", "of no real numbers"

Convolutions = Literal["sum", "norm"]

_EMBEDDING = re.compile(
    r"(.*[._])?(wte|wpe|\w*embed\w*|\w*_embd?|token_types)([._](weight|kernel|embedding))?"
)


@dataclass(frozen=True)
class Reading:
    """Options for reading a file.

    Attributes:
        layers: names of arrays, or patterns with *, ? and [...]; None selects all that look like
            layers.
        chain: whether the outputs of each layer are the inputs of the next. None infers a chain
            only if all names differ by one number and the shapes fit in one orientation only.
        transpose: whether arrays are [in, out], as in Keras and GPT-2's Conv1D. None assumes [out,
            in], as in PyTorch's Linear; a chain that fits in both orientations is refused.
        table: options for tables.
        convolutions: how kernels become matrices: "sum" of magnitudes over taps, or their "norm";
            None leaves them out.
    """

    layers: Sequence[str] | None = None
    chain: bool | None = None
    transpose: bool | None = None
    table: TableReading = AS_IT_SHOWS
    convolutions: Convolutions | None = None


@dataclass(frozen=True)
class Selection:
    """Layers of a file.

    Attributes:
        arrays: array name by layer.
        shapes: [out, in] by layer.
        chain: whether the outputs of each layer are the inputs of the next.
        transposed: whether arrays are [in, out].
        left: reason for leaving out each array that is neither a layer nor its biases.
        left_shapes: shapes of these arrays.
        notes: further remarks of the reader.
        kernels: shapes of the convolutions among the layers.
        over_taps: "sum" or "norm" if there are convolutions.
        untold: arrays without information on which axis is the output, in a file that has it for
            others.
    """

    arrays: dict[str, str]
    shapes: dict[str, tuple[int, int]]
    chain: bool = True
    transposed: bool = False
    left: dict[str, str] = field(default_factory=dict)
    left_shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kernels: dict[str, tuple[int, ...]] = field(default_factory=dict)
    over_taps: str = ""
    untold: tuple[str, ...] = ()

    def told(self, most: int = 6) -> str:
        """One line on how the file was read and what was left out."""
        parts = [self._read()]
        if self.kernels:
            kernels = (f"{name} {list(shape)}" for name, shape in self.kernels.items())
            parts.append(
                f"of convolutions, the {self.over_taps} over taps: {listed(kernels, most)}"
            )
        if self.untold:
            parts.append(f"as stored, without a word on axes: {listed(self.untold, most)}")
        by_reason: dict[str, list[str]] = {}
        for name, why in self.left.items():
            by_reason.setdefault(why, []).append(f"{name} {list(self.left_shapes[name])}")
        if by_reason or self.notes:
            groups = [f"{why} ({listed(names, most)})" for why, names in by_reason.items()]
            parts.append(f"left out: {', '.join([*groups, *self.notes])}")
        return "; ".join(parts)

    def _read(self) -> str:
        axes = "[in, out]" if self.transposed else "[out, in]"
        sizes = [shape[0] for shape in self.shapes.values()]
        if len(self.shapes) == 1:
            return f"read as one matrix {axes}"
        if self.chain:
            steps = [next(iter(self.shapes.values()))[1], *sizes]
            return f"read as a chain {'-'.join(map(str, steps))}, arrays {axes}"
        return f"read as {len(self.shapes)} matrices {axes}, each by itself"


def select(source: str, arrays: Arrays, reading: Reading, key: str = "") -> Selection:
    """Select the layers among arrays.

    Args:
        source: origin of the arrays, for messages.
        arrays: arrays of any shape, by name.
        reading: options.
        key: location of the options in the config, such as "networks.mine.", for messages.

    Raises:
        UserError: if `layers` names a missing array, or if a chain does not fit, or fits in both
            orientations.

    >>> import numpy as np
    >>> arrays = {"fc1.weight": np.ones((3, 4)), "fc2.weight": np.ones((2, 3))}
    >>> select("mine", arrays, Reading()).told()
    'read as a chain 4-3-2, arrays [out, in]'
    """
    facts = {name: facts_of(arrays, name) for name in arrays}
    reasons = reasons_against(facts)
    chosen = _chosen(source, facts, reasons, reading.layers, key)
    _check_axes(source, chosen, facts, reading, key)
    transposed = bool(reading.transpose)
    chain, ordered = reading.chain, chosen
    if chain is None and not reading.layers:
        ordered = sorted(chosen, key=_natural_key)
        chain = not transposed and _is_plain_chain(ordered, facts)
    if not chain:
        ordered = chosen
    _check_shapes(source, ordered, facts)
    if chain:
        transposed = _checked_chain(source, ordered, facts, reading, key)
    unnamed = len(facts) == 1 and _is_stem(ordered[0], source)
    chain = bool(chain) or unnamed
    layers = {f"fc{n}" if chain else name: name for n, name in enumerate(ordered, start=1)}
    biases = {bias_name(name, facts, transposed) for name in ordered}
    left = {
        name: reasons.get(name, NOT_ASKED)
        for name in facts
        if name not in ordered and name not in biases
    }
    shapes = {layer: _shape(facts[name], transposed) for layer, name in layers.items()}
    left_shapes = {name: facts[name].shape for name in left}
    kernels = {name: facts[name].kernel for name in ordered if facts[name].kernel}
    untold = tuple(name for name in ordered if facts[name].axes == "untold")
    how = str(reading.convolutions) if kernels else ""
    remarks = (left, left_shapes, notes_of(arrays), kernels, how, untold)
    return Selection(layers, shapes, chain, transposed, *remarks)


def of_matrices(source: str, matrices: Arrays, reading: Reading) -> tuple[bool, bool]:
    """Whether matrices, all of them layers, are a chain, and whether they are [in, out].

    Raises:
        UserError: if a requested chain does not fit, or fits in both orientations.
    """
    facts = {name: facts_of(matrices, name) for name in matrices}
    names, transposed = list(facts), bool(reading.transpose)
    if reading.chain:
        return True, _checked_chain(source, names, facts, reading, "")
    plain = reading.chain is None and not transposed and _is_plain_chain(names, facts)
    return plain or len(names) == 1, transposed


def reasons_against(facts: dict[str, Facts]) -> dict[str, str]:
    """Reasons why arrays are not layers by default; omits arrays that are layers.

    Integers are left out only beside floats, since a matrix of counts can be a layer.
    """
    floats = any(each.is_matrix and each.kind == "f" for each in facts.values())
    reasons = {}
    for name, each in facts.items():
        if each.against:
            reasons[name] = each.against
        elif len(each.shape) < 2:
            reasons[name] = NOT_A_MATRIX
        elif not each.kind or each.kind not in REAL_KINDS:
            reasons[name] = f"{NO_NUMBERS}, {each.type}"
        elif len(each.shape) > 2:
            reasons[name] = CONVOLUTION
        elif looks_embedded(name):
            reasons[name] = EMBEDDING
        elif floats and each.kind != "f":
            reasons[name] = INTEGERS
    layers = [name for name in facts if name not in reasons]
    if not layers:  # a file of embeddings only
        reasons = {name: why for name, why in reasons.items() if why != EMBEDDING}
    return reasons


def bias_name(name: str, facts: dict[str, Facts], transposed: bool = False) -> str:
    """Name `….bias` of the biases [out] of a layer `….weight`; "" if there are none."""
    bias = f"{name.removesuffix('weight')}bias"
    if not name.endswith("weight") or bias not in facts or len(facts[name].shape) != 2:
        return ""
    fits = facts[bias].shape == _shape(facts[name], transposed)[:1]
    return bias if fits and facts[bias].kind in ("b", "i", "u", "f") else ""


def looks_embedded(name: str) -> bool:
    """Whether an array has the name of an embedding.

    >>> [looks_embedded(name) for name in ("wte.weight", "token_embd.weight", "fc1.weight")]
    [True, True, False]
    """
    return bool(_EMBEDDING.fullmatch(name.lower()))


def _shape(facts: Facts, transposed: bool) -> tuple[int, int]:
    """Shape [out, in] of a matrix."""
    rows, columns = facts.shape
    return (columns, rows) if transposed else (rows, columns)


def _chosen(
    source: str,
    facts: dict[str, Facts],
    reasons: dict[str, str],
    layers: Sequence[str] | None,
    key: str,
) -> list[str]:
    """Names of the layers, in the requested order or else in file order."""
    if not layers:
        names = [name for name in facts if name not in reasons or _no_numbers(facts[name])]
        if not names:
            arrays = listed(f"{name} {list(each.shape)}" for name, each in facts.items())
            raise UserError(f"{source}: found {arrays}, expected at least one 2-D array [out, in]")
        return names
    chosen: list[str] = []
    for pattern in layers:
        matching = [pattern] if pattern in facts else _matching(pattern, facts, reasons)
        if not matching or (pattern in facts and pattern in chosen):
            twice = " more than once" if matching else ""
            raise UserError(
                f"{key}layers: found {quoted(pattern)}{twice}, expected names of arrays in"
                f" {source}, or a pattern of some: {listed(facts)}"
            )
        chosen += [name for name in matching if name not in chosen]
    return chosen


def _no_numbers(facts: Facts) -> bool:
    """Whether a possible layer has no real numbers: it is refused rather than left out."""
    return len(facts.shape) == 2 and not facts.is_matrix and not facts.against


def _matching(pattern: str, facts: dict[str, Facts], reasons: dict[str, str]) -> list[str]:
    """Matrices whose names match a pattern, in file order."""
    fitting = [name for name in facts if fnmatchcase(name, pattern) and facts[name].is_matrix]
    without = [name for name in fitting if not _is_no_weight(reasons.get(name, ""), facts[name])]
    return without or fitting


def _is_no_weight(reason: str, facts: Facts) -> bool:
    """Whether a pattern skips a matching matrix: integers, or biases."""
    return reason == INTEGERS or facts.against not in ("", EMBEDDING)


def _natural_key(name: str) -> list[str | tuple[int, str]]:
    """Sort key that orders the numbers in names by value.

    >>> sorted(["fc10.weight", "fc2.weight", "fc1.weight"], key=_natural_key)
    ['fc1.weight', 'fc2.weight', 'fc10.weight']
    """
    parts = re.split(r"([0-9]+)", name)
    return [_by_value(part) if number % 2 else part for number, part in enumerate(parts)]


def _by_value(digits: str) -> tuple[int, str]:
    """Sort key for numbers of any length; `int` is limited to some thousand digits."""
    digits = digits.lstrip("0")
    return len(digits), digits


def _is_plain_chain(names: list[str], facts: dict[str, Facts]) -> bool:
    """Whether naturally sorted names look like a plain MLP.

    Names are equal except for one number, which starts at 0 or 1, and the shapes fit as [out, in]
    but not as [in, out].
    """
    split = [re.split(r"([0-9]+)", name) for name in names]
    if any(len(parts) != len(split[0]) for parts in split):
        return False
    columns = list(zip(*split, strict=True))
    differing = [number for number, column in enumerate(columns) if len(set(column)) > 1]
    numbered = list(range(1, len(columns), 2))
    at = differing[0] if differing else next(iter(numbered), None)
    if len(differing) > 1 or at not in numbered or columns[at][0].lstrip("0") not in ("", "1"):
        return False
    one_way = len(names) == 1 or _all_told(names, facts) or not _fits(names, facts, True)
    return one_way and _fits(names, facts, False)


def _all_told(names: Sequence[str], facts: dict[str, Facts]) -> bool:
    """Whether the file says for all arrays which axis is the output."""
    return all(facts[name].axes == "told" for name in names)


def _fits(names: Sequence[str], facts: dict[str, Facts], transposed: bool) -> bool:
    shapes = [_shape(facts[name], transposed) for name in names if len(facts[name].shape) == 2]
    return all(first[0] == second[1] for first, second in pairwise(shapes))


def _check_shapes(source: str, names: Sequence[str], facts: dict[str, Facts]) -> None:
    for name in names:
        if len(facts[name].shape) != 2 or 0 in facts[name].shape:
            raise UserError(
                f"{source}: array {quoted(name)}: found shape {list(facts[name].shape)}, expected"
                f" [out, in] with at least one of each{_hint_for(facts[name])}"
            )


def _hint_for(facts: Facts) -> str:
    kernel = is_kernel(facts) and not facts.kernel
    return "; convolutions (--convolutions) sum or norm takes kernels" if kernel else ""


def is_kernel(facts: Facts) -> bool:
    """Whether an array can be the kernel of a convolution over one to three dimensions."""
    real = bool(facts.kind) and facts.kind in REAL_KINDS
    return len(facts.shape) in (3, 4, 5) and 0 not in facts.shape and real and not facts.against


def _check_axes(
    source: str, names: Sequence[str], facts: dict[str, Facts], reading: Reading, key: str
) -> None:
    """Raise UserError if arrays with named axes would be transposed."""
    with_axes = [name for name in names if facts[name].axes == "told"]
    if reading.transpose and with_axes:
        raise UserError(
            f"{key}transpose: found true, expected nothing for {listed(map(quoted, with_axes), 4)}:"
            f" {source} says which axis is the output, and they are read as [out, in]"
        )


def _checked_chain(
    source: str, names: Sequence[str], facts: dict[str, Facts], reading: Reading, key: str
) -> bool:
    """Whether the arrays of a chain are [in, out]; UserError if they fit neither or both ways."""
    fitting = {way: _fits(names, facts, way) for way in (False, True)}
    sure = _all_told(names, facts) or (reading.layers is None and reading.chain is None)
    if reading.transpose is None and len(names) > 1 and all(fitting.values()) and not sure:
        by_biases = [way for way in fitting if _biases_say(names, facts, way)]
        if len(by_biases) == 1:
            return by_biases[0]
        raise UserError(
            f"{key}transpose: found nothing, expected true ([in, out], as Keras and GPT-2's Conv1D"
            f" keep them) or false ([out, in], as PyTorch's Linear): {_shapes_of(names, facts)} of"
            f" {source} fit both ways"
        )
    transposed = bool(reading.transpose)
    if not fitting[transposed]:
        _refuse_chain(source, names, facts, transposed, key)
    return transposed


def _biases_say(names: Sequence[str], facts: dict[str, Facts], transposed: bool) -> bool:
    """Whether some biases fit in this orientation and not in the other."""
    return any(
        bias_name(name, facts, transposed) and not bias_name(name, facts, not transposed)
        for name in names
    )


def _refuse_chain(
    source: str, names: Sequence[str], facts: dict[str, Facts], transposed: bool, key: str
) -> None:
    for first, second in pairwise(names):
        before, after = (_shape(facts[name], transposed) for name in (first, second))
        if before[0] != after[1]:
            other = _fits(names, facts, not transposed)
            hint = f"; {key}transpose: {str(not transposed).lower()} would fit" if other else ""
            raise UserError(
                f"{source}: found {quoted(first)} {list(facts[first].shape)} before"
                f" {quoted(second)} {list(facts[second].shape)}, expected shapes"
                f" {'[in, out]' if transposed else '[out, in]'} with as many inputs of the second"
                f" as outputs of the first; {key}layers says which arrays are layers, in order, and"
                f" {key}chain: false takes each by itself{hint}"
            )


def _shapes_of(names: Sequence[str], facts: dict[str, Facts]) -> str:
    return listed((f"{quoted(name)} {list(facts[name].shape)}" for name in names), 4)


def _is_stem(name: str, source: str) -> bool:
    """Whether an array is named after its file, which means that it has no name."""
    path = Path(source)
    return bool(path.suffix) and stem(path) == name
