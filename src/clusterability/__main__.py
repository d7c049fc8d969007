"""Command line, `python -m clusterability` or `clusterability`: scores without a workflow.

`--help` imports nothing heavy. User errors are one line on standard error, with exit status 2 for
invalid options, 130 for Ctrl-C and 1 otherwise.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

from clusterability.errors import UserError, one_line
from clusterability.release import VERSION

if TYPE_CHECKING:
    import pandas as pd

    from clusterability.networks.importing.selection import Reading
    from clusterability.networks.known_groups import KnownGroups
    from clusterability.networks.stacked import Networks
    from clusterability.networks.weights import Weights
    from clusterability.results.one_network import Scored
    from clusterability.study.arguments import ScoringArguments

    _Result = tuple[
        Weights, Networks, ScoringArguments, Scored, Mapping[str, KnownGroups], pd.DataFrame | None
    ]

_SCORE = """\
Clusters the units on both sides of each weight matrix of FILE, over a grid of k, scores the
clusters, and compares every score with what chance gives. Prints a table and writes all rows.
"""
_SCORE_EPILOG = """\
examples:
  clusterability score weights.npz
  clusterability layers model.safetensors
  clusterability score model.safetensors --layers '*.mlp.*'
  clusterability score net.pt --layers fc1.weight,fc2.weight --chain --methods matched,whole --k 2-8
  clusterability score matrix.csv --k 2-12,16 --nulls shuffle=999,strength=999 --output rows.parquet
  clusterability score matrix.csv --nulls strength=9999 --draws adaptive
  clusterability score matrix.csv --groups known.csv --html page.html

The same file, name and options give the same numbers, here and in a study that imports the file.
docs/python.md describes the command, docs/measures.md measures, methods and nulls.
"""


class _Parser(argparse.ArgumentParser):
    """Parser that reports an invalid option in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {one_line(message, 300)} (--help tells more)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    try:
        options = _parser().parse_args(arguments)
        options.run(options)
        sys.stdout.flush()
    except UserError as error:
        return _fail(str(error))
    except KeyboardInterrupt as stopped:
        return _fail("; ".join(["interrupted", *map(str, stopped.args)]), 130)
    except BrokenPipeError:
        # The reader closed the pipe. Without this, Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return _fail(f"{error.filename or 'files'}: {error.strerror or error}")
    except MemoryError:
        return _fail("not enough memory: ask for fewer draws at a time (--jobs 1), or fewer k")
    return 0


def _fail(text: str, status: int = 1) -> int:
    print(f"clusterability: {text}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="clusterability", description="How good are the co-clusters of a weight matrix?"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_score(commands)
    _add_layers(commands)
    measures = commands.add_parser("measures", help="list the measures and what they say")
    measures.set_defaults(run=_list_measures)
    return parser


def _add_score(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "score",
        help="score the clusters of a matrix or a network in a file",
        description=_SCORE,
        epilog=_SCORE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    _add_reading(parser)
    add(
        "--k",
        default=None,
        help="numbers of clusters, such as 2-12,16 (default: 2-12, as far as the matrix can hold)",
    )
    add(
        "--methods",
        default="matched",
        metavar="LIST",
        help="of notebook, matched, joint, refined, described, and whole for the whole network"
        " (default: %(default)s)",
    )
    add(
        "--nulls",
        default="shuffle=99,labels=99",
        metavar="LIST",
        help="of shuffle, shuffle_nonzero, strength, degrees, rotated_u, rotated_v, labels, each"
        " with its number of draws; or none (default: %(default)s)",
    )
    add(
        "--draws",
        choices=["fixed", "adaptive"],
        default="fixed",
        help="adaptive: the numbers of --nulls are the most; of nulls that cluster each draw, at"
        " least 19 are made, and no more once ten were as good as each value (default:"
        " %(default)s)",
    )
    add(
        "--measures",
        metavar="LIST",
        help="names of measures of other installed packages, scored beside those of the library",
    )
    add(
        "--scalings",
        default="none",
        metavar="LIST",
        help="of none, unit-norm, balanced, ranked (default: %(default)s)",
    )
    add("--restarts", default="3", metavar="N", help="starts of k-means (default: %(default)s)")
    add(
        "--jobs",
        default=None,
        metavar="N",
        help="draws at a time; the numbers are the same (default: the cores of this machine)",
    )
    add(
        "--memory",
        default="3",
        metavar="GB",
        help="for the draws that are worked on: of large layers, fewer at a time (default: 3)",
    )
    add(
        "--verdict",
        choices=["auto", "bits", "draws", "none"],
        default="auto",
        help="do clusters pay? auto: saved bits of layers of at most 2,000,000 weights, and draws"
        " of two nulls where there are at most 250,000; bits, draws: of layers of any size"
        " (default: %(default)s)",
    )
    add(
        "--groups",
        metavar="TABLE",
        help="known groups of units, which are scored as they are and compared with the clusters:"
        " columns side (U or V), unit (name, or number from 0), group, and layer where there are"
        " several",
    )
    add("--name", help="of the network; random numbers go by it (default: the file's)")
    add(
        "--output",
        metavar="ROWS",
        help="a .csv or .parquet file for all rows (default: NAME.scores.csv in this folder)",
    )
    add(
        "--html",
        metavar="PAGE",
        help="an .html file for a page to look at in a browser, offline: matrices in the order of"
        " their clusters, scores, verdicts, known groups",
    )
    add("--force", action="store_true", help="write over a file that is there")
    add("--all", action="store_true", help="print all measures and all nulls")
    add(
        "--fresh",
        action="store_true",
        help="begin anew, and remove what interrupted calls have left beside the output",
    )
    parser.set_defaults(run=_score)


def _add_layers(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "layers", help="list the arrays of a file, and which of them would be scored"
    )
    _add_reading(parser)
    parser.set_defaults(run=_list_layers)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that control how a file is read."""
    add = parser.add_argument
    add(
        "file",
        metavar="FILE",
        help=".safetensors, .onnx, .gguf, .npz, .npy, .mtx, a checkpoint (.pt, .pth, .pth.tar,"
        " .bin, .ckpt, .jit), the index or folder of a model in several files, or a table (.csv,"
        " .tsv, .txt, .csv.gz, .tsv.gz, .parquet)",
    )
    add(
        "--layers",
        metavar="LIST",
        help="arrays that are layers, or patterns such as '*.mlp.*' (default: all 2-D arrays but"
        " embeddings, and integers beside floats)",
    )
    add(
        "--chain",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the outputs of each layer are the inputs of the next, as whole and unit-norm need it"
        " (default: of a plain MLP such as fc1.weight, fc2.weight)",
    )
    add(
        "--transpose",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="arrays are [in, out], as Keras and GPT-2's Conv1D keep them",
    )
    add(
        "--convolutions",
        choices=["sum", "norm"],
        help="take convolution kernels, too, as matrices of the sum of sizes over taps, or of their"
        " norm (default: they are left out)",
    )
    for option, line in {"--header": "first row", "--index": "first column"}.items():
        add(
            option,
            choices=["yes", "no"],
            help=f"whether the {line} of a table is names (default: as the table shows)",
        )
    add(
        "--edges",
        metavar="LIST",
        help="columns of a table that lists edges: source,target or source,target,weight; no: it is"
        " a matrix",
    )


def _reading(options: argparse.Namespace) -> Reading:
    """Settings for reading a file."""
    from clusterability.networks.importing.selection import Reading
    from clusterability.networks.importing.tables.table_reading import table_reading

    layers = _parts(options.layers) if options.layers else None
    table = table_reading(_yes(options.header), _yes(options.index), _edges(options.edges))
    return Reading(layers, options.chain, options.transpose, table, options.convolutions)


def _score(options: argparse.Namespace) -> None:
    from clusterability.api import asked_verdicts
    from clusterability.networks.known_groups import groups_in_files
    from clusterability.networks.weights import as_networks, load_weights, name_of
    from clusterability.numerics import cores
    from clusterability.results.one_network import evaluate, usual_k
    from clusterability.results.single.kept_work import KeptWork, key_of
    from clusterability.results.single.progress import Progress
    from clusterability.study.arguments import USUAL_K, asked_of, workers_of

    name = name_of(Path(options.file)) if options.name is None else options.name
    choices = asked_of(
        name,
        _parts(USUAL_K if options.k is None else options.k),
        _parts(options.methods),
        _parts(options.scalings),
        _draws(options.nulls),
        options.restarts,
        options.draws,
        _parts(options.measures) if options.measures else [],
    )
    workers = workers_of(_number(options.jobs or cores()), options.memory)
    output = Path(options.output or f"{name}.scores.csv")
    agreed = output.with_name(f"{output.stem.removesuffix('.scores')}.agreement{output.suffix}")
    for path in (output, agreed) if options.groups else (output,):
        _check_output("output", path, TABLES, options.force)
    page = options.html and _checked_page(Path(options.html), choices, options.force)
    weights = load_weights(options.file, _reading(options))
    networks = as_networks(weights, name)
    known = groups_in_files(options.groups, weights, networks)
    if options.k is None:
        choices = usual_k(networks, choices)
    work = KeptWork(output, key_of(networks, choices), Progress())
    with work.going_on(options.fresh):
        scored = evaluate(networks, choices, work, workers, known)
        verdicts = asked_verdicts(networks, choices, options.verdict, work, workers)
        _write(output, scored.rows)
        if page:
            _write_page(page, output, (weights, networks, choices, scored, known, verdicts))
    parts = [
        "\n".join([repr(weights), *weights.notes]),
        *_found_parts(weights, networks, scored, choices, options.all),
        *_group_parts(scored, known, name, agreed, options.all),
        *_verdict_parts(networks, verdicts),
        f"{len(scored.rows)} rows are in {output}" + (f", a page in {page}" if page else ""),
    ]
    _print("\n\n".join(parts))


def _found_parts(
    weights: Weights,
    networks: Networks,
    scored: Scored,
    arguments: ScoringArguments,
    everything: bool,
) -> list[str]:
    """Text on the clusters: their scores and notes."""
    from clusterability.report.score_notes import score_notes
    from clusterability.report.score_text import draws_text, score_text
    from clusterability.results.single.group_rows import of_groups

    rows = scored.rows[~of_groups(scored.rows)]
    notes = score_notes(rows, scored.sizes, networks)
    named = _named_clusters(weights, rows, arguments)
    ended = draws_text(rows, arguments.adaptive_nulls)
    return [score_text(rows, everything), *filter(None, [ended, notes]), *named]


def _group_parts(
    scored: Scored, known: Mapping[str, KnownGroups], name: str, agreed: Path, everything: bool
) -> list[str]:
    """Text on known groups, if any, and on the clusters that agree with them."""
    from clusterability.analysis.group_agreement import group_agreement
    from clusterability.report.groups_text import groups_text
    from clusterability.results.single.group_rows import of_groups

    if not known:
        return []
    agreement = group_agreement(name, scored.partitions, known)
    _write(agreed, agreement)
    rows = scored.rows[of_groups(scored.rows)]
    text = groups_text(rows, known, agreement, everything)
    return [text, f"{len(agreement)} rows on clusters beside known groups are in {agreed}"]


def _verdict_parts(networks: Networks, verdicts: pd.DataFrame | None) -> list[str]:
    """Text on the verdicts, if any."""
    from clusterability.networks.layer_names import tensor_name
    from clusterability.report.verdict_text import verdicts_text

    if verdicts is None:
        return []
    return [verdicts_text(verdicts, [tensor_name(layer) for layer in networks.weights])]


def _named_clusters(weights: Weights, rows: pd.DataFrame, arguments: ScoringArguments) -> list[str]:
    """Members of the clusters of a small matrix with names; empty for others."""
    from clusterability.api import cluster
    from clusterability.report.named_clusters import MOST_NAMES, clusters_text, k_of_most_bits

    ((layer, matrix), *others), method = weights.items(), arguments.methods[0]
    names = weights.units.get(layer)
    k = k_of_most_bits(rows, method)
    if others or names is None or sum(matrix.shape) > MOST_NAMES or k is None:
        return []
    partition = cluster(weights, k, method, restarts=arguments.restarts, name=arguments.name)[layer]
    heading = f"Clusters of {method} at k = {k}, where naming them saves most:"
    return [clusters_text(names, partition.rows, partition.columns, heading)]


def _list_layers(options: argparse.Namespace) -> None:
    from clusterability.networks.importing.listing import listing

    _print(listing(Path(options.file), _reading(options)))


def _list_measures(options: argparse.Namespace) -> None:
    from clusterability.api import list_measures
    from clusterability.report.score_text import extensions_text, measures_text
    from clusterability.study.extensions_asked import listed_extensions

    others = extensions_text(listed_extensions())
    _print("\n\n".join(filter(None, [measures_text(list_measures()), others])))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _yes(text: str | None) -> bool | None:
    return None if text is None else text == "yes"


def _edges(text: str | None) -> list[str] | Literal[False] | None:
    return None if text is None else False if text == "no" else _parts(text)


def _number(text: str | int) -> str | int:
    return int(text) if re.fullmatch("[0-9]{1,9}", str(text)) else text


def _draws(text: str) -> dict[str, int]:
    """Parse nulls with their numbers of draws.

    >>> _draws("shuffle=99, labels=9"), _draws("none")
    ({'shuffle': 99, 'labels': 9}, {})
    """
    if text.strip() == "none":
        return {}
    counts: dict[str, int] = {}
    for part in _parts(text):
        null, _, draws = part.partition("=")
        if not re.fullmatch(r" *[0-9]{1,9} *", draws) or null.strip() in counts:
            raise UserError(
                f"nulls: found {one_line(part)!r}, expected nulls with their draws, each once, such"
                " as shuffle=99,labels=99"
            )
        counts[null.strip()] = int(draws)
    return counts


TABLES, PAGES = (".csv", ".parquet"), (".html",)


def _check_output(option: str, output: Path, endings: Sequence[str], force: bool) -> None:
    """Check the path of an output before hours of work."""
    if output.suffix not in endings:
        raise UserError(
            f"{option}: found {output} with ending {output.suffix!r}, expected"
            f" {' or '.join(endings)}"
        )
    if output.is_dir():
        raise UserError(f"{option}: found the folder {output}, expected a file")
    if output.exists() and not force:
        raise UserError(f"{option}: found {output} there already; --force writes over it")
    if not output.parent.is_dir():
        raise UserError(f"{option}: found no folder {output.parent}, expected one to write in")
    if not os.access(output.parent, os.W_OK):
        raise UserError(f"{option}: found no permission to write in {output.parent.resolve()}")


def _checked_page(page: Path, arguments: ScoringArguments, force: bool) -> Path:
    from clusterability.report.page.one_file import check_methods

    _check_output("html", page, PAGES, force)
    check_methods(arguments.methods)
    return page


def _write_page(page: Path, rows: Path, result: _Result) -> None:
    from clusterability.files import write_whole
    from clusterability.report.page.one_file import Result, page_of_file

    write_whole(page, page_of_file(Result(*result), rows, page))


def _write(output: Path, rows: pd.DataFrame) -> None:
    from clusterability.files import write_csv, write_parquet

    (write_csv if output.suffix == ".csv" else write_parquet)(output, rows)


def _print(text: str) -> None:
    # Terminals with few characters show ? for the others instead of failing.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    print(text)


if __name__ == "__main__":
    sys.exit(main())
