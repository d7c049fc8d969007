"""Which arrays of a file are layers, in which order, and what is left out; nothing is read here."""

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
    """How a file is to be read.

    Attributes:
        layers: names of arrays, or patterns with *, ? and [...]; None: all that are layers.
        chain: whether the outputs of each layer are the inputs of the next. None: only where the
            names of all of them differ by one number, and the shapes fit in no other way.
        transpose: whether arrays are [in, out], as those of Keras and of GPT-2's Conv1D. None:
            [out, in], as PyTorch's Linear; a chain that fits both ways is refused.
        table: what is said of a table.
        convolutions: how kernels become matrices: "sum" of sizes over taps, or their "norm"; None:
            they are left out.
    """

    layers: Sequence[str] | None = None
    chain: bool | None = None
    transpose: bool | None = None
    table: TableReading = AS_IT_SHOWS
    convolutions: Convolutions | None = None


@dataclass(frozen=True)
class Selection:
    """The layers of a file.

    Attributes:
        arrays: name of the array by layer.
        shapes: [out, in] by layer.
        chain: whether the outputs of each layer are the inputs of the next.
        transposed: whether arrays are [in, out].
        left: why each array that is neither a layer nor its biases is left out.
        left_shapes: their shapes.
        notes: what else the reader of the file tells.
        kernels: shapes of the convolutions among the arrays that are layers.
        over_taps: "sum" or "norm", where there are some.
        untold: arrays of which the file does not say which axis is the output, as it does of
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
        """One line: how the file was read, and what was left out."""
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
    """The layers among arrays.

    Args:
        source: where the arrays come from, for messages.
        arrays: of any shape, by name.
        reading: what is asked.
        key: where it is asked in the config, such as "networks.mine.", for messages.

    Raises:
        UserError: where `layers` names what is not there, or a chain does not fit or fits two ways.

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
    told = (left, left_shapes, notes_of(arrays), kernels, how, untold)
    return Selection(layers, shapes, chain, transposed, *told)


def of_matrices(source: str, matrices: Arrays, reading: Reading) -> tuple[bool, bool]:
    """Whether matrices, all of them layers, are a chain, and whether they are [in, out].

    Raises:
        UserError: where a chain is asked for that does not fit, or fits both ways.
    """
    facts = {name: facts_of(matrices, name) for name in matrices}
    names, transposed = list(facts), bool(reading.transpose)
    if reading.chain:
        return True, _checked_chain(source, names, facts, reading, "")
    plain = reading.chain is None and not transposed and _is_plain_chain(names, facts)
    return plain or len(names) == 1, transposed


def reasons_against(facts: dict[str, Facts]) -> dict[str, str]:
    """Why arrays are no layers where nobody names them; those that are layers are not in it.

    Integers are left out beside floats only: a matrix of counts is one, too.
    """
    floats = any(each.is_matrix and each.kind == "f" for each in facts.values())
    found = {}
    for name, each in facts.items():
        if each.against:
            found[name] = each.against
        elif len(each.shape) < 2:
            found[name] = NOT_A_MATRIX
        elif not each.kind or each.kind not in REAL_KINDS:
            found[name] = f"{NO_NUMBERS}, {each.type}"
        elif len(each.shape) > 2:
            found[name] = CONVOLUTION
        elif looks_embedded(name):
            found[name] = EMBEDDING
        elif floats and each.kind != "f":
            found[name] = INTEGERS
    others = [name for name in facts if name not in found]
    if not others:  # a file of nothing but embeddings is about them
        found = {name: why for name, why in found.items() if why != EMBEDDING}
    return found


def bias_name(name: str, facts: dict[str, Facts], transposed: bool = False) -> str:
    """Name of the array with the biases [out] of a layer `….weight`: `….bias`; "" if none has."""
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
    """[out, in] of a matrix."""
    rows, columns = facts.shape
    return (columns, rows) if transposed else (rows, columns)


def _chosen(
    source: str,
    facts: dict[str, Facts],
    reasons: dict[str, str],
    layers: Sequence[str] | None,
    key: str,
) -> list[str]:
    """Names of the arrays that are layers, as asked for or else in the order of the file."""
    if not layers:
        names = [name for name in facts if name not in reasons or _no_numbers(facts[name])]
        if not names:
            found = listed(f"{name} {list(each.shape)}" for name, each in facts.items())
            raise UserError(f"{source}: found {found}, expected at least one 2-D array [out, in]")
        return names
    chosen: list[str] = []
    for asked in layers:
        matching = [asked] if asked in facts else _matching(asked, facts, reasons)
        if not matching or (asked in facts and asked in chosen):
            twice = " more than once" if matching else ""
            raise UserError(
                f"{key}layers: found {quoted(asked)}{twice}, expected names of arrays in"
                f" {source}, or a pattern of some: {listed(facts)}"
            )
        chosen += [name for name in matching if name not in chosen]
    return chosen


def _no_numbers(facts: Facts) -> bool:
    """A matrix of no real numbers is refused where it might be a layer, not left out."""
    return len(facts.shape) == 2 and not facts.is_matrix and not facts.against


def _matching(pattern: str, facts: dict[str, Facts], reasons: dict[str, str]) -> list[str]:
    """Matrices whose names a pattern fits, in the order of the file."""
    fitting = [name for name in facts if fnmatchcase(name, pattern) and facts[name].is_matrix]
    without = [name for name in fitting if not _is_no_weight(reasons.get(name, ""), facts[name])]
    return without or fitting


def _is_no_weight(reason: str, facts: Facts) -> bool:
    """Whether a pattern passes over a matrix that it fits: one of integers, or of biases."""
    return reason == INTEGERS or facts.against not in ("", EMBEDDING)


def _natural_key(name: str) -> list[str | tuple[int, str]]:
    """Sorts names as people count: numbers in them by value, the rest as text.

    >>> sorted(["fc10.weight", "fc2.weight", "fc1.weight"], key=_natural_key)
    ['fc1.weight', 'fc2.weight', 'fc10.weight']
    """
    parts = re.split(r"([0-9]+)", name)
    return [_by_value(part) if number % 2 else part for number, part in enumerate(parts)]


def _by_value(digits: str) -> tuple[int, str]:
    """Sorts numbers of any length; Python's integers stop at some thousand digits."""
    digits = digits.lstrip("0")
    return len(digits), digits


def _is_plain_chain(names: list[str], facts: dict[str, Facts]) -> bool:
    """Whether names in natural order are those of a plain MLP: alike but for one number, from 0 or
    1 on, with shapes that fit as [out, in] and not as [in, out]."""
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
    """Whether the file says of all arrays which axis is the output."""
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
    """UserError where axes would change places that the file has names for."""
    told = [name for name in names if facts[name].axes == "told"]
    if reading.transpose and told:
        raise UserError(
            f"{key}transpose: found true, expected nothing for {listed(map(quoted, told), 4)}:"
            f" {source} says which axis is the output, and they are read as [out, in]"
        )


def _checked_chain(
    source: str, names: Sequence[str], facts: dict[str, Facts], reading: Reading, key: str
) -> bool:
    """Whether the arrays of a chain are [in, out]; UserError where they fit not, or both ways."""
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
    """Whether a bias fits this way, and would not fit the other way."""
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
    """Whether a file calls its one array as itself: such a matrix has no name of its own."""
    path = Path(source)
    return bool(path.suffix) and stem(path) == name
