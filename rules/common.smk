# What several rules need: wildcards, files of the grid, parameters of a job.


wildcard_constraints:
    condition=rf"[a-z][a-z0-9_]*|{FRESH}[0-9-]+",
    seeds=rf"\d+(-\d+)?|{IMPORTED}",
    layer=rf"fc\d+|{NETWORK}",
    k=r"\d+(-\d+)?",
    figure="[a-z_]+",
    item="[a-z0-9_-]+",


ENVIRONMENT = "../envs/clusterability.yaml"


def growing(amount):
    """Memory or minutes of a job, as much again with every retry.

    amount: a number, or a function of the job's wildcards.
    """

    def of_attempt(wildcards, attempt):
        return attempt * (amount(wildcards) if callable(amount) else amount)

    return of_attempt


def one_of(names):
    """A pattern for these names, and for nothing where there is none."""
    return "|".join(names) or "(?!)"


# --- blocks and layers ---


def seeds_of(wildcards):
    """Seeds of the job's block."""
    return list(Block.parse(wildcards.seeds))


def size_of(wildcards):
    """Number of networks of the job's block."""
    return 1 if wildcards.seeds == IMPORTED else len(seeds_of(wildcards))


def networks_of(condition):
    """Number of networks of a condition, over all blocks."""
    if condition in STUDY.networks:
        return 1
    return sum(len(Block.parse(block)) for block in STUDY.seed_blocks_of(condition))


def limit_jobs_to_gpus():
    """A GPU for each training job where jobs run on this machine, and no more jobs than GPUs.

    Returns the number of GPUs that a job asks for. Others would wait for a GPU on cores that other
    rules could use. What the command line or a profile says of `gpu` goes before. On a cluster
    (which has a number of jobs, where a machine has a number of cores) the profile asks for GPUs.
    """
    device = STUDY.training.device
    if not workflow.is_main_process or workflow.resource_settings.nodes is not None:
        return int(device.startswith("cuda"))
    count = gpus_at_once(device)
    if count and "gpu" not in workflow.global_resources:
        workflow.register_resource("gpu", count)
    return int(device.startswith("cuda") or count > 0)


def size_of_study():
    """What memory for all networks together grows with: methods, scalings and nulls."""
    clustering = STUDY.clustering
    return len(clustering.methods) * len(clustering.scalings) * max(len(STUDY.nulls), 1)


def k_values_of(wildcards):
    """Values of k of the job's block."""
    return list(Block.parse(wildcards.k))


def imported_layers():
    """Layers of the imported networks with their shapes, None where the config lists layers."""
    if not STUDY.networks:
        return {}
    from clusterability.importing import layer_shapes

    found = {}
    for name, network in STUDY.networks.items():
        try:
            found[name] = layer_shapes(name, Path(network.path), network.layers)
        except UserError as error:
            sys.exit(str(error))
    return found


IMPORTED_LAYERS = imported_layers()


def weights_of(condition):
    """Names of the weight matrices of a condition's networks, from the input on."""
    return list(IMPORTED_LAYERS.get(condition) or STUDY.layers_of(condition))


def layers_of(condition):
    """What is clustered of a condition's networks."""
    return STUDY.clustered_layers(weights_of(condition))


# --- files of the grid ---


def grid_files(pattern, conditions=STUDY.names):
    """Files of a pattern with {condition}, {layer}, {seeds} and {k}, over the whole grid."""
    return [
        file
        for condition in conditions
        for file in expand(
            pattern,
            condition=condition,
            layer=layers_of(condition),
            seeds=STUDY.seed_blocks_of(condition),
            k=STUDY.k_grid,
        )
    ]


def block_files(pattern, conditions=STUDY.names):
    """Files of a pattern with {condition} and {seeds}, over all blocks."""
    return [
        file
        for condition in conditions
        for file in expand(pattern, condition=condition, seeds=STUDY.seed_blocks_of(condition))
    ]


def network_files(ending="safetensors", conditions=STUDY.names):
    """One file a condition and block of seeds."""
    return block_files(f"<results>/networks/{{condition}}/{{seeds}}.{ending}", conditions)


def may_see_mnist(condition):
    """Whether a condition's networks take MNIST's images, as far as is known before they run."""
    shapes = list(IMPORTED_LAYERS.get(condition, {"any": None}).values())
    return None in shapes or (shapes[0][1], shapes[-1][0]) == (MNIST_PIXELS, MNIST_CLASSES)


def images_of(wildcards):
    """The images that a condition's networks are probed with, if they can be."""
    return rules.mnist.output if may_see_mnist(wildcards.condition) else []


def probed_files(pattern):
    """Files of the grid where it is asked what units do."""
    return [
        file
        for condition in STUDY.names
        for file in expand(
            pattern,
            condition=condition,
            layer=STUDY.probed_layers(weights_of(condition)),
            seeds=STUDY.seed_blocks_of(condition),
            k=[block for block in STUDY.k_grid if STUDY.probed_k_of(block)],
        )
    ]


# --- what is compared ---


def nulls_of(wildcards):
    """Nulls that the block's own draws are for; fresh networks are a null themselves."""
    return [] if wildcards.condition.startswith(FRESH) else STUDY.block_nulls


def files_of(pattern, condition, layers, seeds):
    """Files of a pattern with {seeds}, {layer} and {k}, at all k."""
    return expand(pattern, condition=condition, layer=layers, seeds=seeds, k=STUDY.k_grid)


def choice_files(pattern):
    """Files of a layer of a condition: all seeds and all k."""
    return lambda wildcards: files_of(
        pattern,
        wildcards.condition,
        wildcards.layer,
        STUDY.seed_blocks_of(wildcards.condition),
    )


def choice_nulls(wildcards):
    """Draws of a layer of a condition, by null, all seeds and all k of one after the other."""
    return {
        null: choice_files(f"<results>/nulls/{{condition}}/{{seeds}}/{{layer}}/{{k}}.{null}.npz")(
            wildcards
        )
        for null in STUDY.redrawn_nulls
    }


def agreement_inputs(wildcards):
    """Partitions of a block at all layers and k, what was planted, and what they compare with."""
    condition, seeds = wildcards.condition, wildcards.seeds
    layers = layers_of(condition)
    partitions, starts = rules.cluster.output.partitions, rules.cluster.output.starts
    found = {
        "partitions": files_of(partitions, condition, layers, seeds),
        "starts": files_of(starts, condition, layers, seeds),
    }
    if STUDY.plants(condition):
        found["planted"] = [f"<results>/networks/{condition}/{seeds}.planted.npz"]
    others = STUDY.reordered_of(condition)
    if others:
        found["partners"] = files_of(partitions, others, layers, seeds)
    return found


def choices(file):
    """What was chosen for every condition and layer, where a null draws weights anew."""
    pattern = f"<results>/scores/{{condition}}/{{layer}}.{file}.csv"
    return [
        path
        for condition in STUDY.names
        if STUDY.redrawn_nulls
        for path in expand(pattern, condition=condition, layer=layers_of(condition))
    ]


def results_of_blocks(wildcards):
    """Everything that the study's jobs write but the tables and figures."""
    clustered = [*STUDY.names, *STUDY.fresh_conditions]
    planted = [name for name in STUDY.names if STUDY.plants(name)]
    nulls = [
        f"<results>/nulls/{{condition}}/{{seeds}}/{{layer}}/{{k}}.{null}.npz"
        for null in STUDY.block_nulls
    ]
    return [
        *network_files(conditions=clustered),
        *network_files("networks.csv"),
        *network_files("history.csv", STUDY.conditions),
        *network_files("planted.npz", planted),
        *flattened(grid_files, [*rules.cluster.output, *rules.score.output], clustered),
        *flattened(grid_files, nulls),
        *flattened(probed_files, rules.probe.output),
        *block_files(rules.agree.output.agreement),
        *choices("best_k"),
        *choices("best_k_networks"),
    ]


def flattened(files, patterns, *arguments):
    """The files of several patterns in one list."""
    return [file for pattern in patterns for file in files(pattern, *arguments)]


# --- files of figures ---


def figure_files():
    """All figures of the study, in every format."""
    items = STUDY.figure_items()
    names = [f"{figure}.{item}" for figure in items for item in items[figure]]
    return expand(
        "<results>/figures/{name}.{ending}",
        name=names,
        ending=["pdf", "svg", "png", "csv"],
    )


def partition_files(conditions, layers, k_values):
    """Partitions of the first block of seeds, by layer, at the blocks that hold `k_values`."""
    blocks = sorted({STUDY.k_block_of(k) for k in k_values})
    return [
        file
        for condition in conditions
        for file in expand(
            "<results>/clusters/{condition}/{seeds}/{layer}/{k}.npz",
            condition=condition,
            seeds=STUDY.seed_blocks_of(condition)[0],
            layer=layers,
            k=blocks,
        )
    ]


def figure_inputs(wildcards):
    """What a figure is drawn from, by name."""
    figure, item = wildcards.figure, wildcards.item
    if figure == "learning_curves":
        return {"histories": network_files("history.csv", STUDY.conditions)}
    if figure == "weights":
        layers = [layer for layer in layers_of(item) if layer != NETWORK]
        return {
            "networks": network_files(conditions=[item])[0],
            "partitions": partition_files([item], layers, [STUDY.drawn_k]),
        }
    if figure == "pixels":
        return {"partitions": partition_files(STUDY.conditions, ["fc1"], STUDY.drawn_pixel_k)}
    if figure == "responses":
        return {
            "networks": network_files(conditions=[item])[0],
            "partitions": partition_files([item], ["fc1"], [STUDY.drawn_k]),
        }
    if figure in ("ablations", "class_activity"):
        return {"ablations": "<results>/tables/ablations.parquet"}
    if figure.startswith("validity"):
        return {
            "clusters": "<results>/tables/clusters.parquet",
            "validity": "<results>/tables/validity.csv",
        }
    networks = "<results>/tables/networks.csv"
    if figure in ("agreement", "best_k"):
        return {figure: f"<results>/tables/{figure}.csv", "networks": networks}
    tables = {"scores": "<results>/tables/scores.parquet"}
    if figure == "calibration":
        return tables | {"calibration": "<results>/tables/calibration.csv"}
    return tables | {"networks": networks}
