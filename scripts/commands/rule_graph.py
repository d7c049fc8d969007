"""`make rulegraph`: draw the rules of the default study, and the files between them, in docs/.

Needs networkx, which is installed for development only.
"""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from pathlib import Path

from project_folders import PROJECT

import matplotlib as mpl
import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path as Curve

from clusterability_workflow import lock_and_config
from clusterability_workflow.dry_run import planned_jobs
from clusterability_workflow.together import rule_of

from clusterability.errors import UserError
from clusterability.files import whole_file

TARGETS = ["all", "paper", "report_pages"]
PICTURE = Path("docs/images/rules.svg")
WIDTH, HEIGHT = 0.9, 0.6
"""Size of a box; the centres of neighbouring boxes are 1 apart in either direction."""
INCHES = 1.25, 0.62
"""Distances between neighbouring centres, across and down."""
SWEEPS = 20


def graph_of_rules(arguments: list[str]) -> nx.DiGraph:
    """Graph of the rules of planned jobs, with an edge from each rule to those that read its files.

    Args:
        arguments: arguments for Snakemake.
    """
    planned_jobs([*TARGETS, *arguments])
    assert lock_and_config.parsed is not None, "planning parses the workflow"
    dag = lock_and_config.parsed[0].dag
    makers = {job: rule_of(job.rule.name) for job in dag.jobs}
    graph = nx.DiGraph()
    graph.add_edges_from(
        (makers[other], makers[job]) for job in makers for other in dag.dependencies[job]
    )
    graph.remove_nodes_from([job.rule.name for job in makers if not job.output])
    # Networks that continue others are trained by the same rule.
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    return graph


def shortened(graph: nx.DiGraph) -> nx.DiGraph:
    """Transitive reduction: the graph without edges between rules that a longer path connects."""
    reduction = nx.DiGraph()
    # Sort nodes and edges: networkx returns them in the order of sets, which varies by process.
    reduction.add_nodes_from(sorted(graph))
    reduction.add_edges_from(sorted(nx.transitive_reduction(graph).edges))
    return reduction


def in_rows(graph: nx.DiGraph) -> tuple[nx.DiGraph, list[list]]:
    """Split edges so that each leads from one row to the next; return the graph and its rows.

    A longer edge passes through a node of its own, (first, second, row), in each row between.
    """
    generations = enumerate(nx.topological_generations(graph))
    row: dict = {node: number for number, nodes in generations for node in nodes}
    steps = nx.DiGraph()
    steps.add_nodes_from(graph)
    for first, second in graph.edges:
        between = [(first, second, number) for number in range(row[first] + 1, row[second])]
        row |= {waypoint: waypoint[2] for waypoint in between}
        steps.add_edges_from(pairwise([first, *between, second]))
    rows: list[list] = [[] for _ in range(max(row.values()) + 1)]
    for node, number in row.items():
        rows[number].append(node)
    return steps, rows


def places(steps: nx.DiGraph, rows: list[list]) -> dict:
    """Positions of nodes, (across, down), near their neighbours, so that few edges cross.

    Barycentres, in alternating upward and downward sweeps (Sugiyama, Tagawa & Toda 1981).
    """
    across = {node: number - len(row) / 2 for row in rows for number, node in enumerate(row)}
    for sweep in range(SWEEPS):
        near = steps.pred if sweep % 2 == 0 else steps.succ
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = {n: np.mean([across[m] for m in near[n]] or [across[n]]) for n in row}
            row.sort(key=wanted.get)
            _put(row, wanted, across)
    return {node: (across[node], -number) for number, row in enumerate(rows) for node in row}


def _put(row: list, wanted: dict, across: dict) -> None:
    """Place the nodes of a row, in their order, as near as possible to the wanted positions.

    Isotonic regression: least squares of non-decreasing shifts, so that nodes that would overlap
    have the same shift.
    """
    widths = [1.0 if isinstance(node, str) else 0.5 for node in row]
    middles = np.cumsum(widths) - np.array(widths) / 2
    shifts = np.array([wanted[node] for node in row]) - middles
    blocks: list[list[float]] = []
    for shift in shifts:
        blocks.append([shift])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    shifts = np.concatenate([[np.mean(block)] * len(block) for block in blocks])
    across.update(zip(row, middles + shifts, strict=True))


def files_of_rules() -> dict[str, str]:
    """Name of the file in rules/, by rule."""
    files = {}
    for file in sorted((PROJECT / "rules").glob("*.smk")):
        names = re.findall(r'^rule (\w+):|jobs\.rule\("(\w+)"\)', file.read_text(), re.M)
        files |= {first or second: file.name for first, second in names}
    return files


def draw(graph: nx.DiGraph) -> Figure:
    """Draw a box for each rule, with its file, and curves down to the rules that read its files."""
    steps, rows = in_rows(graph)
    at, files = places(steps, rows), files_of_rules()
    across, down = (np.array(side) for side in zip(*at.values(), strict=True))
    size = (np.ptp(across) + 1) * INCHES[0], (np.ptp(down) + 1) * INCHES[1]
    figure = Figure(figsize=size, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(across.min() - 0.5, across.max() + 0.5), ylim=(down.min() - 0.5, 0.5))
    axes.axis("off")
    for first, second in graph.edges:
        _edge(axes, f"{first}-{second}", [at[node] for node in _way(steps, first, second)])
    for rule in graph:
        _box(axes, rule, files[rule], at[rule])
    return figure


def _way(steps: nx.DiGraph, first: str, second: str) -> list:
    """Nodes along the edge from one rule to another."""
    between = [node for node in steps if isinstance(node, tuple) and node[:2] == (first, second)]
    return [first, *sorted(between, key=lambda node: node[2]), second]


def _box(axes: Axes, rule: str, file: str, at: tuple[float, float]) -> None:
    corner = at[0] - WIDTH / 2, at[1] - HEIGHT / 2
    look = {"boxstyle": "round,pad=0,rounding_size=0.08", "fc": "#eef3fa", "ec": "#34527a"}
    axes.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, zorder=2, **look))
    axes.text(at[0], at[1] + 0.1, rule, ha="center", va="center", size=9, weight="bold", gid=rule)
    axes.text(at[0], at[1] - 0.17, file, ha="center", va="center", size=7, color="#555555")


def _edge(axes: Axes, name: str, way: list[tuple[float, float]]) -> None:
    """Draw a curve that leaves and enters each position vertically."""
    (first, top), *between, (last, bottom) = way
    way = [(first, top - HEIGHT / 2), *between, (last, bottom + HEIGHT / 2)]
    points = way[:1]
    for (x, y), (next_x, next_y) in pairwise(way):
        middle = (y + next_y) / 2
        points += [(x, middle), (next_x, middle), (next_x, next_y)]
    codes = [Curve.MOVETO] + [Curve.CURVE4] * (len(points) - 1)
    look = {"fill": False, "ec": "#8a8a8a", "lw": 1.2, "zorder": 1}
    axes.add_patch(PathPatch(Curve(points, codes), gid=name, **look))
    head = {"arrowstyle": "-|>", "color": "#8a8a8a", "lw": 0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", points[-1], points[-1] + np.array([0, 0.12]), arrowprops=head)


def main(arguments: list[str]) -> None:
    """Draw the rules of the study that Snakemake's arguments name."""
    graph = shortened(graph_of_rules(arguments))
    # Without a date and random names, the same rules give the same bytes.
    with (
        mpl.rc_context({"svg.hashsalt": "rules", "font.family": "DejaVu Sans"}),
        whole_file(PICTURE) as file,
    ):
        draw(graph).savefig(file, format="svg", metadata={"Date": None})
    print(f"{PICTURE}: {len(graph)} rules")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
