for jobs in JOBS_OF_LAYERS:

    rule:
        name:
            jobs.rule("cluster")
        input:
            networks=jobs.files(FILES.networks),
        output:
            partitions=jobs.files(FILES.partitions),
            starts=jobs.files(FILES.starts),
            held_out=jobs.files(FILES.held_out),
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
