# What several rules need: wildcards, files of the grid, parameters of a job.


wildcard_constraints:
    condition="[a-z][a-z0-9_]*",
    seeds=r"\d+(-\d+)?",
    layer=r"fc\d+",
    k=r"\d+(-\d+)?",
    figure="[a-z_]+",
    item="[a-z0-9_]+",


ENVIRONMENT = "../envs/clusterability.yaml"


def seeds_of(wildcards):
    """Seeds of the job's block."""
    return list(Block.parse(wildcards.seeds))


def k_values_of(wildcards):
    """Values of k of the job's block."""
    return list(Block.parse(wildcards.k))


def network_files(ending="safetensors"):
    """One file a condition and block of seeds."""
    return expand(
        f"<results>/networks/{{condition}}/{{seeds}}.{ending}",
        condition=STUDY.conditions,
        seeds=STUDY.seeds,
    )


def grid_files(pattern):
    """Files of a pattern with {condition}, {layer}, {seeds} and {k}, over the whole grid."""
    return [
        file
        for condition, layer in STUDY.layer_grid()
        for file in expand(
            pattern, condition=condition, layer=layer, seeds=STUDY.seeds, k=STUDY.k_grid
        )
    ]


def figure_files():
    """All figures of the study, in every format."""
    items = STUDY.figure_items()
    names = [f"{figure}.{item}" for figure in items for item in items[figure]]
    return expand(
        "<results>/figures/{name}.{ending}",
        name=names,
        ending=["pdf", "svg", "png", "csv"],
    )


def partition_files(condition, layers, k_values):
    """Partitions of the first block of seeds, by layer, at the blocks that hold `k_values`."""
    blocks = sorted({STUDY.k_block_of(k) for k in k_values})
    return expand(
        "<results>/clusters/{condition}/{seeds}/{layer}/{k}.npz",
        condition=condition,
        seeds=STUDY.seeds[0],
        layer=layers,
        k=blocks,
    )


def figure_inputs(wildcards):
    """What a figure is drawn from, by name."""
    if wildcards.figure == "learning_curves":
        return {"histories": network_files("history.csv")}
    if wildcards.figure == "weights":
        condition = wildcards.item
        return {
            "networks": f"<results>/networks/{condition}/{STUDY.seeds[0]}.safetensors",
            "partitions": partition_files(condition, STUDY.layers_of(condition), [STUDY.drawn_k]),
        }
    if wildcards.figure == "pixels":
        return {"partitions": partition_files(STUDY.conditions, "fc1", STUDY.drawn_pixel_k)}
    return {"scores": "<results>/tables/scores.parquet"}
