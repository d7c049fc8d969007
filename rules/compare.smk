# Partitions of several k, layers and networks together: the choice of k, and agreement.


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


rule choose_k:
    input:
        unpack(choice_nulls),
        networks=lambda wildcards: network_files(conditions=[wildcards.condition]),
        partitions=choice_files(rules.cluster.output.partitions),
        starts=choice_files(rules.cluster.output.starts),
    output:
        cells="<results>/scores/{condition}/{layer}.best_k.csv",
        networks="<results>/scores/{condition}/{layer}.best_k_networks.csv",
    log:
        "<results>/logs/choose_k/{condition}/{layer}.log",
    benchmark:
        "<results>/benchmarks/choose_k/{condition}/{layer}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards: 3000 + 3 * networks_of(wildcards.condition) * size_of_study(),
        runtime=60,
    params:
        nulls=STUDY.redrawn_nulls,
        code=code_digests("choose_k.py"),
        software=software_versions("choose_k.py"),
    script:
        "../scripts/choose_k.py"


def agreement_inputs(wildcards):
    """Partitions of a block at all layers and k, what was planted, and what they compare with."""
    condition, seeds = wildcards.condition, wildcards.seeds
    layers = layers_of(condition)
    partitions, starts = rules.cluster.output.partitions, rules.cluster.output.starts
    found = {
        "partitions": files_of(partitions, condition, layers, seeds),
        "starts": files_of(starts, condition, layers, seeds),
    }
    if condition in STUDY.synthetic:
        found["planted"] = [f"<results>/networks/{condition}/{seeds}.planted.npz"]
    others = STUDY.reordered_of(condition)
    if others:
        found["partners"] = files_of(partitions, others, layers, seeds)
    return found


rule agree:
    input:
        unpack(agreement_inputs),
    output:
        agreement="<results>/scores/{condition}/{seeds}.agreement.parquet",
    log:
        "<results>/logs/agree/{condition}/{seeds}.log",
    benchmark:
        "<results>/benchmarks/agree/{condition}/{seeds}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards: 2000 + 20 * size_of(wildcards),
        runtime=lambda wildcards: 30 + size_of(wildcards),
    params:
        study=lambda wildcards: STUDY.agreement_parameters(wildcards.condition),
        code=code_digests("agree.py"),
        software=software_versions("agree.py"),
    script:
        "../scripts/agree.py"
