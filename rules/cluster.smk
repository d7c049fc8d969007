rule cluster:
    input:
        networks="<results>/networks/{condition}/{seeds}.safetensors",
    output:
        partitions="<results>/clusters/{condition}/{seeds}/{layer}/{k}.npz",
        starts="<results>/clusters/{condition}/{seeds}/{layer}/{k}.starts.npz",
        held_out="<results>/clusters/{condition}/{seeds}/{layer}/{k}.held_out.npz",
    log:
        "<results>/logs/cluster/{condition}/{seeds}/{layer}/{k}.log",
    benchmark:
        "<results>/benchmarks/cluster/{condition}/{seeds}/{layer}/{k}.tsv"
    priority: DRAWN_FIRST
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_block(1000, 4, BYTES_OF_DRAW)),
        runtime=growing(minutes_of_clusters),
    params:
        **made_by("cluster.py", *METHOD_FILES),
        job=lambda wildcards: asdict(
            job_parameters.clustering_job(STUDY.clustering, wildcards.layer)
        ),
        k_values=k_values_of,
    script:
        "../scripts/cluster.py"
