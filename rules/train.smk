rule train:
    input:
        # Checksums identify the files, so that a newer copy reruns nothing.
        mnist=ancient(rules.mnist.output),
        origin=origin_of,
    output:
        networks=FILES.networks,
        history="<results>/networks/{condition}/{seeds}.history.csv",
        rows="<results>/networks/{condition}/{seeds}.networks.csv",
    log:
        "<results>/logs/train/{condition}/{seeds}.log",
    benchmark:
        "<results>/benchmarks/train/{condition}/{seeds}.tsv"
    wildcard_constraints:
        condition=one_of(STUDY.conditions),
    # Start the longest jobs first, so that short ones fill the cores at the end.
    priority: 2
    conda:
        ENVIRONMENT
    threads: STUDY.training.threads
    resources:
        mem_mb=growing(memory_of_weights(2500, 10, 24)),
        runtime=growing(lambda wildcards: 30 + 5 * size_of(wildcards)),
        gpu=limit_jobs_to_gpus(),
    params:
        **made_by("train.py"),
        job=lambda wildcards: asdict(job_parameters.training_job(STUDY, wildcards.condition)),
        seeds=seeds_of,
    script:
        "../scripts/train.py"
