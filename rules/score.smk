rule score:
    input:
        networks=rules.train.output.networks,
        partitions=rules.cluster.output.partitions,
        nulls=expand(
            "<results>/nulls/{{condition}}/{{seeds}}/{{layer}}/{{k}}.{null}.npz",
            null=STUDY.nulls,
        ),
    output:
        scores="<results>/scores/{condition}/{seeds}/{layer}/{k}.structure.parquet",
        clusters="<results>/scores/{condition}/{seeds}/{layer}/{k}.clusters.parquet",
    log:
        "<results>/logs/score/{condition}/{seeds}/{layer}/{k}.log",
    benchmark:
        "<results>/benchmarks/score/{condition}/{seeds}/{layer}/{k}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        nulls=list(STUDY.nulls),
        code=code_digests("score.py"),
        software=software_versions("score.py"),
    script:
        "../scripts/score.py"
