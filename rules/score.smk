rule score:
    input:
        networks=rules.cluster.input.networks,
        partitions=rules.cluster.output.partitions,
        held_out=rules.cluster.output.held_out,
        nulls=lambda wildcards: expand(
            "<results>/nulls/{{condition}}/{{seeds}}/{{layer}}/{{k}}.{null}.npz",
            null=nulls_of(wildcards),
        ),
    output:
        scores="<results>/scores/{condition}/{seeds}/{layer}/{k}.structure.parquet",
        clusters="<results>/scores/{condition}/{seeds}/{layer}/{k}.clusters.parquet",
        # What measures say of draws: the choice of k needs no more of them.
        draws="<results>/scores/{condition}/{seeds}/{layer}/{k}.draws.npz",
    log:
        "<results>/logs/score/{condition}/{seeds}/{layer}/{k}.log",
    benchmark:
        "<results>/benchmarks/score/{condition}/{seeds}/{layer}/{k}.tsv"
    priority: SCORED_FIRST
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_block(1000, 4, BYTES_OF_DRAW)),
        runtime=growing(minutes_of_clusters),
    params:
        **made_by("score.py"),
        nulls=nulls_of,
        choosing=lambda wildcards: [
            null for null in nulls_of(wildcards) if null in STUDY.redrawn_nulls
        ],
    script:
        "../scripts/score.py"
