rule probe:
    input:
        # Checksums identify MNIST, as for training.
        mnist=ancient(images_of),
        networks=rules.cluster.input.networks,
        partitions=rules.cluster.output.partitions,
    output:
        scores="<results>/scores/{condition}/{seeds}/{layer}/{k}.function.parquet",
        clusters="<results>/scores/{condition}/{seeds}/{layer}/{k}.function_clusters.parquet",
        ablations="<results>/scores/{condition}/{seeds}/{layer}/{k}.ablations.parquet",
        lesions="<results>/scores/{condition}/{seeds}/{layer}/{k}.lesions.parquet",
    log:
        "<results>/logs/probe/{condition}/{seeds}/{layer}/{k}.log",
    benchmark:
        "<results>/benchmarks/probe/{condition}/{seeds}/{layer}/{k}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_weights(2500, 0, 12)),
        runtime=growing(lambda wildcards: 30 + 2 * size_of(wildcards)),
    params:
        **made_by("probe.py", "clustering/methods/matched.py"),
        job=lambda wildcards: asdict(
            job_parameters.probing_job(STUDY, wildcards.condition, wildcards.k)
        ),
    script:
        "../scripts/probe.py"
