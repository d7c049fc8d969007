rule null_shuffle:
    input:
        networks=rules.train.output.networks,
    output:
        tables="<results>/nulls/{condition}/{seeds}/{layer}/{k}.shuffle.npz",
    log:
        "<results>/logs/null_shuffle/{condition}/{seeds}/{layer}/{k}.log",
    benchmark:
        "<results>/benchmarks/null_shuffle/{condition}/{seeds}/{layer}/{k}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=lambda wildcards: 30 + 2 * len(seeds_of(wildcards)),
    params:
        study=STUDY.null_parameters("shuffle"),
        k_values=k_values_of,
        code=code_digests("null_shuffle.py"),
        software=software_versions("null_shuffle.py"),
    script:
        "../scripts/null_shuffle.py"


rule null_labels:
    input:
        networks=rules.train.output.networks,
        partitions=rules.cluster.output.partitions,
    output:
        tables="<results>/nulls/{condition}/{seeds}/{layer}/{k}.labels.npz",
    log:
        "<results>/logs/null_labels/{condition}/{seeds}/{layer}/{k}.log",
    benchmark:
        "<results>/benchmarks/null_labels/{condition}/{seeds}/{layer}/{k}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=lambda wildcards: 30 + len(seeds_of(wildcards)),
    params:
        study=STUDY.null_parameters("labels"),
        code=code_digests("null_labels.py"),
        software=software_versions("null_labels.py"),
    script:
        "../scripts/null_labels.py"
