# What several rules need: wildcards, files of the grid, parameters of a job.

from types import SimpleNamespace

CONDITION = rf"[a-z][a-z0-9_]*|{FRESH}({GLOROT})?[0-9-]+"


wildcard_constraints:
    condition=CONDITION,
    seeds=rf"\d+(-\d+)?|{IMPORTED}",
    layer=LAYER_NAME,
    k=r"\d+(-\d+)?",
    figure="[a-z_]+",
    item="[a-z0-9_-]+",


ENVIRONMENT = "../envs/clusterability.yaml"

FILES = SimpleNamespace(
    networks="<results>/networks/{condition}/{seeds}.safetensors",
    partitions="<results>/clusters/{condition}/{seeds}/{layer}/{k}.npz",
    starts="<results>/clusters/{condition}/{seeds}/{layer}/{k}.starts.npz",
    held_out="<results>/clusters/{condition}/{seeds}/{layer}/{k}.held_out.npz",
    draws="<results>/nulls/{condition}/{seeds}/{layer}/{k}.{null}.npz",
    scores="<results>/scores/{condition}/{seeds}/{layer}/{k}.structure.parquet",
    clusters="<results>/scores/{condition}/{seeds}/{layer}/{k}.clusters.parquet",
    scored_draws="<results>/scores/{condition}/{seeds}/{layer}/{k}.draws.npz",
    function="<results>/scores/{condition}/{seeds}/{layer}/{k}.function.parquet",
    function_clusters="<results>/scores/{condition}/{seeds}/{layer}/{k}.function_clusters.parquet",
    ablations="<results>/scores/{condition}/{seeds}/{layer}/{k}.ablations.parquet",
    lesions="<results>/scores/{condition}/{seeds}/{layer}/{k}.lesions.parquet",
    agreement="<results>/scores/{condition}/{seeds}.agreement.parquet",
    equal_size="<results>/scores/{condition}/{seeds}/{layer}.equal_size.parquet",
    contenders="<results>/scores/{condition}/{seeds}.contenders.parquet",
)
"""Patterns of files that several rules name.

Not `rules.score.output.scores`: under a default storage, that is an object in the storage, which
`expand` refuses.
"""

CLUSTERED_AND_SCORED = [
    FILES.partitions,
    FILES.starts,
    FILES.held_out,
    FILES.scores,
    FILES.clusters,
    FILES.scored_draws,
]
PROBED = [FILES.function, FILES.function_clusters, FILES.ablations, FILES.lesions]

FIGURE_ENDINGS = ["pdf", "svg", "png", "csv", "txt"]
"""Files of a figure: pictures, the plotted rows, and the caption."""


def growing(amount):
    """Memory or minutes of a job, as much again with every retry.

    amount: a number, or a function of the job's wildcards.
    """

    def of_attempt(wildcards, attempt):
        return attempt * (amount(wildcards) if callable(amount) else amount)

    return of_attempt


def growing_with_threads(amount):
    """As `growing`, by a function of the job's wildcards and threads."""

    def of_attempt(wildcards, attempt, threads):
        return attempt * amount(wildcards, threads)

    return of_attempt


METHOD_FILES = [module_of("method", name) for name in STUDY.clustering.methods]
"""Modules that scripts which cluster load by name: paths in the library, or of other packages."""


def added(kind):
    """Extensions of one kind (measure, method or null) that the study takes from other packages."""
    return [each for each in STUDY.extensions if each.kind == kind]


ADDED_MEASURES = added("measure")

DECIDING_MEASURES = ADDED_MEASURES if STUDY.adaptive_nulls else []
"""Measures of other packages whose values end draws."""


def of_wildcards(files):
    """Parameters that name the code behind a rule's files: its script and the modules in `files`.

    files: a function of a job's wildcards.
    """
    return {
        key: lambda wildcards, key=key: made_by(*files(wildcards))[key]
        for key in ("code", "software")
    }


def one_of(names):
    """Pattern that matches these names only, and nothing if there are none."""
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
    """Number of GPUs of a training job; on this machine, run no more of these jobs than GPUs.

    Returns the number of GPUs that a job asks for. Others would wait for a GPU on cores that other
    rules could use. What the command line or a profile says of `gpu` goes before. On a cluster
    (which has a number of jobs, where a machine has a number of cores) the profile asks for GPUs.
    """
    device = STUDY.training.device
    if not workflow.is_main_process or workflow.resource_settings.nodes is not None:
        return int(device.startswith("cuda"))
    count = gpus_at_once(device)
    if count and "gpu" not in workflow.global_resources:
        workflow.global_resources["gpu"] = count
    return int(device.startswith("cuda") or count > 0)


def k_values_of(wildcards):
    """Values of k of the job's block."""
    return list(Block.parse(wildcards.k))


def imported_layers():
    """Layers of the imported networks, as files call them, with their shapes."""
    if not STUDY.networks:
        return {}
    from clusterability.networks.importing.read_network import asked_reading, layer_shapes

    shapes = {}
    for name, network in STUDY.networks.items():
        try:
            reading = asked_reading(job_parameters.import_job(STUDY, name))
            shapes[name] = layer_shapes(name, Path(network.path), reading)
            whole = bool(STUDY.clustering.methods_for(NETWORK))
            options = (whole, STUDY.clustering.scalings, f"networks.{name}.")
            require_chain(is_chain(shapes[name]), *options)
        except UserError as error:
            sys.exit(str(error))
    return shapes


def is_chain(layers):
    """Whether the outputs of each layer are the inputs of the next."""
    return all(map(in_chain, layers))


def imported_files(condition):
    """Files of an imported network; neither a module's prefix nor a storage provider moves them."""
    from clusterability.networks.importing.readers import model_files

    path = Path(STUDY.networks[condition].path)
    return [local(str(file)) for file in model_files(path, f"networks.{condition}.")]


IMPORTED_LAYERS = imported_layers()
try:
    check_covariates(STUDY, IMPORTED_LAYERS)
except UserError as error:
    sys.exit(str(error))


def weights_of(condition):
    """Names of the weight matrices of a condition's networks, from the input on."""
    return list(IMPORTED_LAYERS.get(condition) or STUDY.layers_of(condition))


def layers_of(condition):
    """Layers of a condition's networks that are clustered."""
    return STUDY.clustering.clustered_layers(weights_of(condition))


def published_values():
    """Tables of published values: key and file by name, after a check."""
    try:
        check_published(STUDY, {name: layers_of(name) for name in STUDY.names})
    except UserError as error:
        sys.exit(str(error))
    return STUDY.published


PUBLISHED = published_values()


# --- what a job takes goes by the shapes of its weights ---


def shapes_of(condition):
    """Shapes [out, in] of a condition's layers, from the input on."""
    return IMPORTED_LAYERS.get(condition) or STUDY.layers_of(condition)


def weights_of_network(wildcards):
    """Number of weights of a network of the job's condition."""
    return sum(map(math.prod, shapes_of(wildcards.condition).values()))


def weights_of_matrix(wildcards):
    """Number of entries of the job's matrix; for the whole network, of all pairs of units."""
    shapes = shapes_of(wildcards.condition)
    if wildcards.layer != NETWORK:
        return math.prod(shapes[wildcards.layer])
    sizes = [list(shapes.values())[0][1], *(out for out, _ in shapes.values())]
    return sum(sizes[0::2]) * sum(sizes[1::2])


def threads_of_draws(jobs):
    """Draws to make at a time: one for a small matrix, since many of its jobs run in parallel."""
    weights = jobs.total(weights_of_matrix)
    return lambda wildcards: 1 if weights(wildcards) < SMALL_MATRIX else DRAWS_AT_ONCE


SMALL_MATRIX, DRAWS_AT_ONCE = 1 << 19, 4


def layers_as_jobs_take_them():
    """Layers of all conditions, grouped by job: small layers of an imported network share one."""
    blocks = [
        LayerBlock(name, IMPORTED, layer) for name in STUDY.networks for layer in layers_of(name)
    ]
    within = "within" in STUDY.nulls
    alone = [p for p in blocks if p.layer == NETWORK or (within and covariate_of(p))]
    weights = {block: weights_of_matrix(block) for block in blocks}
    clustering = STUDY.clustering
    across = clustering.networks_together
    return jobs_of_layers(blocks, weights, clustering.weights_per_job, alone=alone, across=across)


def networks_as_jobs_take_them():
    """Blocks of networks, grouped by job: small imported networks share one if the config asks."""
    clustering = STUDY.clustering
    blocks = [LayerBlock(name, IMPORTED) for name in STUDY.networks if clustering.networks_together]
    weights = {block: weights_of_network(block) for block in blocks}
    return jobs_of_layers(blocks, weights, clustering.weights_per_job, across=True)


def minutes_of_matrices(wildcards, passes):
    """Minutes for clustering a block's matrices at all scalings `passes` times, with a margin.

    Clustering and measuring a matrix took 0.15 to 0.3 microseconds a weight for eleven k and one
    method.
    """
    clustering = STUDY.clustering
    each = len(clustering.scalings) + partitions_of_layer(k_values_of(wildcards)) / 11
    return math.ceil(2e-6 / 60 * weights_of_matrix(wildcards) * size_of(wildcards) * each * passes)


def minutes_of_clusters(wildcards):
    """Minutes for clustering the networks of a block, and halves of them."""
    return 30 + size_of(wildcards) + minutes_of_matrices(wildcards, 2)


def minutes_of_draws(wildcards, threads):
    """Minutes for clustering draws, `threads` at a time."""
    draws = max(STUDY.nulls.values(), default=0)
    return 30 + 5 * size_of(wildcards) + minutes_of_matrices(wildcards, draws / threads)


def minutes_of_submatrices(wildcards):
    """Minutes for clustering the sub-matrices of a layer, and their shuffles.

    One of 10 x 128 took 30 ms by two methods at one k and scale.
    """
    equal_size = STUDY.equal_size
    clusterings = (
        equal_size.submatrices
        * (1 + equal_size.draws)
        * len(equal_size.k)
        * len(equal_size.scalings)
    )
    return 30 + math.ceil(size_of(wildcards) * clusterings / 500)


# --- memory, in megabytes: what was measured (docs/scale.md), and at least half as much more ---


def memory(base, each, networks=size_of):
    """Megabytes of a job: `base`, plus `each` for every network."""
    return lambda wildcards: base + math.ceil(each * networks(wildcards))


def memory_of_weights(base, each, bytes_each):
    """As `memory`, plus `bytes_each` for every weight of the block."""

    def of_job(wildcards):
        block = bytes_each * weights_of_network(wildcards) * size_of(wildcards)
        return base + math.ceil(each * size_of(wildcards) + 1.5 * block / 1e6)

    return of_job


def memory_of_block(base, each, bytes_of_matrix):
    """As `memory_of_weights` at all scalings, plus the working memory of a large layer."""

    def of_job(wildcards):
        scales = 1 + len(set(STUDY.clustering.scalings) - {"none"})
        work = 1.5 * bytes_of_matrix * weights_of_matrix(wildcards)
        return memory_of_weights(base, each, 4 * scales)(wildcards) + math.ceil(work / 1e6)

    return of_job


def memory_of_file(wildcards):
    """Megabytes for reading a network's file, which is held as read, as checked and as kept."""
    files = [Path(file) for file in imported_files(wildcards.condition)]
    # Blocks of quantised numbers take a seventh of the floats that they become.
    times = 24 if any(file.suffix == ".gguf" for file in files) else 8
    return 2000 + math.ceil(times * sum(file.stat().st_size for file in files) / 1e6)


def memory_of_draws(wildcards, threads):
    """Megabytes for clustering draws: the block, the draws in progress, and their tables."""
    block = memory_of_block(0, 0, BYTES_OF_DRAW * threads)(wildcards)
    return memory_of_tables(wildcards) + block


def networks_of_job(wildcards):
    """Number of networks of the job's condition, over all blocks."""
    return networks_of(wildcards.condition)


def minutes_of_study(wildcards):
    """Minutes for reading all networks of the study."""
    return 60 + sum(map(networks_of, STUDY.names)) // 50


def partitions_of_layer(k_values, weight=lambda k: 1):
    """Number of partitions of a layer at these k by all methods, each weighted by `weight`."""
    clustering = STUDY.clustering
    return len(clustering.methods) * len(clustering.scalings) * sum(map(weight, k_values))


def memory_of_tables(wildcards):
    """Megabytes for the tables of a null, which are held twice while they are joined.

    There are two numbers for each pair of clusters of a network's draw.
    """
    pairs = partitions_of_layer(k_values_of(wildcards), weight=lambda k: k * k)
    size = 16 * pairs * size_of(wildcards) * max(STUDY.nulls.values(), default=0)
    return 1000 + math.ceil(3 * size / 1e6)


def rows_of_network(k_values):
    """Number of scores of one layer of a network."""
    measures = len(MEASURES) + len(STUDY.measures)
    return partitions_of_layer(k_values) * measures * max(len(STUDY.nulls), 1)


def memory_of_layer(wildcards):
    """Megabytes for the scores of a condition's networks, at one layer and block of k."""
    largest = max(map(networks_of, STUDY.names))
    rows = max(rows_of_network(Block.parse(block)) for block in STUDY.k_grid)
    return 1000 + math.ceil(2.5e-3 * largest * rows)


def memory_of_scores(wildcards):
    """Megabytes for some columns and rows of all scores of the study."""
    layers = sum(networks_of(name) * len(layers_of(name)) for name in STUDY.names)
    rows = layers * rows_of_network(STUDY.k_values)
    return 2000 + math.ceil(2e-4 * rows)


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


def files_of_layers(pattern):
    """Files of a pattern over the whole grid, without those of whole networks."""
    return [file for file in grid_files(pattern) if Path(file).parent.name != NETWORK]


def block_files(pattern, conditions=STUDY.names):
    """Files of a pattern with {condition} and {seeds}, over all blocks."""
    return [
        file
        for condition in conditions
        for file in expand(pattern, condition=condition, seeds=STUDY.seed_blocks_of(condition))
    ]


def network_files(ending="safetensors", conditions=STUDY.names):
    """One file per condition and block of seeds."""
    return block_files(f"<results>/networks/{{condition}}/{{seeds}}.{ending}", conditions)


def may_see_mnist(condition):
    """Whether a condition's networks take MNIST's images, as far as is known before they run."""
    if condition not in IMPORTED_LAYERS:
        return True
    layers = IMPORTED_LAYERS[condition]
    shapes = list(layers.values())
    ends = (shapes[0][1], shapes[-1][0])
    return is_chain(layers) and ends == TASKS["digits"].ends


def images_of(wildcards):
    """The images that a condition's networks are probed with, if they can be."""
    return rules.mnist.output if may_see_mnist(wildcards.condition) else []


def probed_layers_of(condition):
    """Probed layers of a condition's networks; none of matrices that are no chain."""
    layers = weights_of(condition)
    return STUDY.probed_layers(layers) if is_chain(layers) else []


def shown_jobs():
    """How the page shows MNIST's images to the networks of each probed condition."""
    return {
        name: asdict(job_parameters.probing_job(STUDY, name, STUDY.k_grid[0]))
        for name in STUDY.names
        if probed_layers_of(name) and may_see_mnist(name)
    }


def shows_mnist():
    """Whether any network of the study is trained on MNIST's images, or shown them."""
    shown = (name for name in STUDY.names if probed_layers_of(name))
    return bool(STUDY.conditions) or any(map(may_see_mnist, shown))


def probed_files(pattern):
    """Files of the probed part of the grid."""
    return [
        file
        for condition in STUDY.names
        for file in expand(
            pattern,
            condition=condition,
            layer=probed_layers_of(condition),
            seeds=STUDY.seed_blocks_of(condition),
            k=[block for block in STUDY.k_grid if STUDY.probed_k_of(block)],
        )
    ]


def equal_size_files(pattern):
    """Files of the layers that are compared at equal size, over all networks."""
    return [
        file
        for condition in STUDY.names
        for file in expand(
            pattern,
            condition=condition,
            seeds=STUDY.seed_blocks_of(condition),
            layer=STUDY.at_equal_size(weights_of(condition)),
        )
    ]


def origin_of(wildcards):
    """Networks that a block of a condition continues, if any."""
    origin = STUDY.recipe_of(wildcards.condition).origin
    return f"<results>/networks/{origin}/{wildcards.seeds}.safetensors" if origin else []


# --- what is compared ---


def draws(file):
    """File of draws, removed once its scores exist unless the config keeps draws."""
    return file if STUDY.keep_draws else temp(file)


# Where draws go, a block is scored before the next one is trained: few of them are there at a time.
DRAWN_FIRST = 0 if STUDY.keep_draws else 3
SCORED_FIRST = 0 if STUDY.keep_draws else 4


def nulls_of(wildcards):
    """Nulls to draw for the block; none for fresh networks, which are a null themselves."""
    return [] if wildcards.condition.startswith(FRESH) else STUDY.block_nulls


def redrawn_nulls_of(wildcards):
    """Nulls of the block by which k can be chosen."""
    return [null for null in nulls_of(wildcards) if null in STUDY.redrawn_nulls]


def draws_of(wildcards):
    """Files of the draws that a layer of a block is compared with."""
    return expand(FILES.draws, null=nulls_of(wildcards), **dict(wildcards.items()))


def import_job(wildcards):
    """Imported network, and how to read its file, by the network's name."""
    name = wildcards.condition
    return {name: asdict(job_parameters.import_job(STUDY, name))}


def files_of_import(wildcards):
    """The files of an imported network."""
    return imported_files(wildcards.condition)


def agreement_job(wildcards):
    """Parameters that determine the agreement of partitions."""
    return asdict(job_parameters.agreement_job(STUDY, wildcards.condition))


def clustering_job(wildcards):
    """Parameters that determine the partitions of a layer, besides weights and k."""
    return asdict(job_parameters.clustering_job(STUDY.clustering, wildcards.layer))


def if_adaptive(**items):
    """Inputs or parameters that rules have only if the draws of some null are adaptive."""
    return items if STUDY.adaptive_nulls else {}


def if_added(**items):
    """Parameters that rules have only if the study has measures of other packages."""
    return items if STUDY.measures else {}


def observed_of(jobs):
    """Inputs of a null's job if draws are adaptive: the partitions whose values they decide on."""
    return if_adaptive(partitions=jobs.files(FILES.partitions), held_out=jobs.files(FILES.held_out))


def null_script(name):
    """The script of a null's rule."""
    return f"{name}_adaptive.py" if STUDY.adaptive_nulls else f"{name}.py"


def adaptive_draws_of(wildcards):
    """Largest numbers of draws of a layer, by null, if draws are adaptive."""
    options = STUDY.clustering, STUDY.adaptive_nulls, wildcards.layer
    return {null: asdict(most) for null, most in job_parameters.adaptive_draws(*options).items()}


def null_job(wildcards):
    """Parameters that determine the tables of a null that clusters its draws."""
    draws = STUDY.nulls[wildcards.null]
    options = STUDY.clustering, wildcards.null, draws, wildcards.layer
    return asdict(job_parameters.null_job(*options))


def stratified_job(wildcards):
    """Parameters that determine the tables of the null `within`, besides the covariate."""
    draws = STUDY.nulls["within"]
    options = STUDY, wildcards.condition, draws, wildcards.layer
    return asdict(job_parameters.stratified_job(*options))


def covariate_of(wildcards):
    """The covariate of the columns of the job's layer, if they have one."""
    if wildcards.layer != weights_of(wildcards.condition)[0]:
        return []
    if wildcards.condition in STUDY.conditions:
        return rules.pixel_deviation.output.covariate
    network = STUDY.networks.get(wildcards.condition)
    # A user's file, which no module's prefix and no remote storage moves.
    return local(network.covariate) if network and network.covariate else []


def labels_job(wildcards):
    """Parameters that determine the tables of permuted labels."""
    draws = STUDY.nulls["labels"]
    return asdict(job_parameters.labels_job(STUDY.clustering, draws, wildcards.layer))


def files_of_null(wildcards):
    """Script of the null's rule, and the modules that it loads by name."""
    null = module_of("null", wildcards.null)
    return [null_script("null"), null, *METHOD_FILES, *DECIDING_MEASURES]


def files_of(pattern, condition, layers, seeds):
    """Files of a pattern with {seeds}, {layer} and {k}, at all k."""
    return expand(pattern, condition=condition, layer=layers, seeds=seeds, k=STUDY.k_grid)


def networks_of_condition(wildcards):
    """All networks of the job's condition."""
    return network_files(conditions=[wildcards.condition])


def choice_files(pattern):
    """Files of a layer of a condition: all seeds and all k."""
    return lambda wildcards: files_of(
        pattern,
        wildcards.condition,
        wildcards.layer,
        STUDY.seed_blocks_of(wildcards.condition),
    )


def compared_in_block(pattern):
    """Files of a block at all layers and k."""
    return lambda wildcards: files_of(
        pattern, wildcards.condition, layers_of(wildcards.condition), wildcards.seeds
    )


def planted_in_block(wildcards):
    """Planted partitions of a block, if there are any."""
    planted = f"<results>/networks/{wildcards.condition}/{wildcards.seeds}.planted.npz"
    return [planted] if STUDY.plants(wildcards.condition) else []


def partners_of_block(wildcards):
    """Partitions of networks that saw the images in another order, at all layers and k."""
    others = STUDY.reordered_of(wildcards.condition)
    layers = layers_of(wildcards.condition)
    return files_of(FILES.partitions, others, layers, wildcards.seeds)


def choices(file):
    """Files of choices for every condition and layer."""
    pattern = f"<results>/scores/{{condition}}/{{layer}}.{file}.csv"
    return [
        path
        for condition in STUDY.names
        for path in expand(pattern, condition=condition, layer=layers_of(condition))
    ]


def results_of_blocks(wildcards):
    """All files that jobs of the study write, except tables and figures."""
    clustered = [*STUDY.names, *STUDY.fresh_conditions]
    planted = [name for name in STUDY.names if STUDY.plants(name)]
    kept = STUDY.block_nulls if STUDY.keep_draws else []
    nulls = [FILES.draws.replace("{null}", null) for null in kept]
    return [
        *network_files(conditions=clustered),
        *network_files("networks.csv"),
        *network_files("history.csv", STUDY.conditions),
        *network_files("planted.npz", planted),
        *flattened(grid_files, CLUSTERED_AND_SCORED, clustered),
        *flattened(grid_files, nulls),
        *flattened(probed_files, PROBED),
        *block_files(FILES.agreement),
        *equal_size_files(FILES.equal_size),
        *block_files(FILES.contenders, JUDGED),
        *choices("best_k"),
        *choices("best_k_networks"),
    ]


def flattened(files, patterns, *arguments):
    """The files of several patterns in one list."""
    return [file for pattern in patterns for file in files(pattern, *arguments)]


# --- files of figures ---


def figure_files():
    """All figures of the study, in every format, with their rows and their captions."""
    return expand("<results>/figures/{name}.{ending}", name=figure_names(), ending=FIGURE_ENDINGS)


def figures_on_screen():
    """All figures of the study, as Snakemake's report shows them."""
    return expand("<results>/report/{name}.png", name=figure_names())


def figure_names():
    """Names of all figures of the study, in the order in which a reader meets them."""
    items = figure_items(STUDY)
    return [f"{figure}.{item}" for figure in items for item in items[figure]]


def files_of_figure(wildcards):
    """The script and the module of the figure, which it loads by name."""
    return ["plot.py", f"report/figures/{wildcards.figure}.py"]


def figure_inputs(wildcards):
    """Inputs of a figure, by name."""
    names = FIGURES[wildcards.figure].inputs
    return {name: figure_input(name, wildcards) for name in names}


def figure_input(name, wildcards):
    """The files behind one name of a figure's inputs."""
    if name in TABLES:
        return f"<results>/tables/{name}.{TABLES[name]}"
    if name == "histories":
        return network_files("history.csv", STUDY.own_conditions)
    if name == "weights":
        return network_files(conditions=[wildcards.item])[0]
    if name == "partitions":
        return drawn_partitions(FIGURES[wildcards.figure], wildcards.item)
    sys.exit(
        f"report/catalogue.py: found the input {name!r} of {wildcards.figure}, expected one"
        f" of {', '.join([*TABLES, 'histories', 'weights', 'partitions'])}"
    )


def drawn_partitions(figure, item):
    """Partitions of the first block of seeds, of the item's condition or of all."""
    conditions = [item] if figure.item == "condition" else STUDY.conditions
    layers = layers_of(item) if figure.layers == "all" else [figure.layers]
    k_values = figure.job(STUDY).k
    blocks = {STUDY.k_block_of(k) for k in (k_values if isinstance(k_values, list) else [k_values])}
    return [
        file
        for condition in conditions
        for file in expand(
            FILES.partitions,
            condition=condition,
            seeds=STUDY.seed_blocks_of(condition)[0],
            layer=[layer for layer in layers if layer != NETWORK],
            k=sorted(blocks),
        )
    ]


def compared_tables(wildcards):
    """Tables of the study to compare with a file of published values, and that file."""
    key, path = PUBLISHED[wildcards.table]
    # A user's file, which no module's prefix and no remote storage moves.
    tables = {"published": local(path)}
    if key == "scores":
        tables["scores"] = rules.aggregate.output.scores_parquet
        tables["networks"] = rules.aggregate.output.networks
    elif key == "history":
        tables["histories"] = network_files("history.csv", published_conditions(path))
    else:
        tables["clusters"] = rules.aggregate.output.clusters
    return tables


# --- what is published ---


def tables_in_print():
    """Tables of the study from which tables for print are made."""
    tables = ["verdict", "networks", "summary", "agreement", "paired", "best_k"]
    if answers(STUDY):
        tables.append("validity")
    if STUDY.conditions:
        tables.append("findings")
    return tables


# Behind all that tells one layer from another.
JOBS_OF_LAYERS = layers_as_jobs_take_them()
JOBS_OF_NETWORKS = networks_as_jobs_take_them()
