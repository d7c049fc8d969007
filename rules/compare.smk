# Partitions of several k, layers and networks together: the choice of k, and agreement.


rule choose_k:
    input:
        networks=lambda wildcards: network_files(conditions=[wildcards.condition]),
        partitions=choice_files(rules.cluster.output.partitions),
        starts=choice_files(rules.cluster.output.starts),
        draws=choice_files(rules.score.output.draws),
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
        mem_mb=growing(memory(1000, 1, networks_of_job)),
        runtime=growing(lambda wildcards: 60 + networks_of_job(wildcards) // 10),
    params:
        **made_by("choose_k.py"),
        nulls=STUDY.redrawn_nulls,
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
        mem_mb=growing(memory(1000, 6)),
        runtime=growing(lambda wildcards: 30 + size_of(wildcards)),
    params:
        **made_by("agree.py"),
        job=lambda wildcards: asdict(job_parameters.agreement_job(STUDY, wildcards.condition)),
    script:
        "../scripts/agree.py"
