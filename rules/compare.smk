# Partitions of several k, layers and networks together: the choice of k, and agreement.


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
        mem_mb=growing(
            lambda wildcards: 3000 + 3 * networks_of(wildcards.condition) * size_of_study()
        ),
        runtime=growing(60),
    params:
        nulls=STUDY.redrawn_nulls,
        code=code_digests("choose_k.py"),
        software=software_versions("choose_k.py"),
    script:
        "../scripts/choose_k.py"


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
        mem_mb=growing(lambda wildcards: 2000 + 20 * size_of(wildcards)),
        runtime=growing(lambda wildcards: 30 + size_of(wildcards)),
    params:
        study=lambda wildcards: STUDY.agreement_parameters(wildcards.condition),
        code=code_digests("agree.py"),
        software=software_versions("agree.py"),
    script:
        "../scripts/agree.py"
