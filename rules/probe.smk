rule probe:
    input:
        # Checksums identify MNIST, as for training.
        mnist=ancient(images_of),
        networks=FILES.networks,
        partitions=FILES.partitions,
    output:
        scores=FILES.function,
        clusters=FILES.function_clusters,
        ablations=FILES.ablations,
        lesions=FILES.lesions,
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
