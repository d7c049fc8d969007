for jobs in JOBS_OF_LAYERS:

    rule:
        name:
            jobs.rule("cluster")
        input:
            networks=jobs.files("<results>/networks/{condition}/{seeds}.safetensors"),
        output:
            partitions=jobs.files("<results>/clusters/{condition}/{seeds}/{layer}/{k}.npz"),
            starts=jobs.files("<results>/clusters/{condition}/{seeds}/{layer}/{k}.starts.npz"),
            held_out=jobs.files("<results>/clusters/{condition}/{seeds}/{layer}/{k}.held_out.npz"),
        log:
            jobs.file("<results>/logs/cluster/{condition}/{seeds}/{layer}/{k}.log"),
        benchmark:
            jobs.file("<results>/benchmarks/cluster/{condition}/{seeds}/{layer}/{k}.tsv")
        wildcard_constraints:
            condition=jobs.condition(CONDITION),
        priority: DRAWN_FIRST
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=growing(jobs.largest(memory_of_block(1000, 4, BYTES_OF_DRAW))),
            runtime=growing(jobs.total(minutes_of_clusters)),
        params:
            **made_by("cluster.py", *METHOD_FILES),
            **jobs.params,
            job=jobs.any(clustering_job),
            k_values=k_values_of,
        script:
            "../scripts/cluster.py"
