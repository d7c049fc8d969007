for jobs in JOBS_OF_LAYERS:

    rule:
        name:
            jobs.rule("score")
        input:
            networks=jobs.files("<results>/networks/{condition}/{seeds}.safetensors"),
            partitions=jobs.files("<results>/clusters/{condition}/{seeds}/{layer}/{k}.npz"),
            held_out=jobs.files("<results>/clusters/{condition}/{seeds}/{layer}/{k}.held_out.npz"),
            nulls=jobs.each(draws_of),
        output:
            scores=jobs.files("<results>/scores/{condition}/{seeds}/{layer}/{k}.structure.parquet"),
            clusters=jobs.files("<results>/scores/{condition}/{seeds}/{layer}/{k}.clusters.parquet"),
            # Values of measures in each draw: all that the choice of k needs of the draws.
            draws=jobs.files("<results>/scores/{condition}/{seeds}/{layer}/{k}.draws.npz"),
        log:
            jobs.file("<results>/logs/score/{condition}/{seeds}/{layer}/{k}.log"),
        benchmark:
            jobs.file("<results>/benchmarks/score/{condition}/{seeds}/{layer}/{k}.tsv")
        wildcard_constraints:
            condition=jobs.condition(CONDITION),
        priority: SCORED_FIRST
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=growing(jobs.largest(memory_of_block(1000, 4, BYTES_OF_DRAW))),
            runtime=growing(jobs.total(minutes_of_clusters)),
        params:
            **made_by("score.py", *ADDED_MEASURES),
            **jobs.params,
            **if_adaptive(adaptive=jobs.any(adaptive_draws_of)),
            **if_added(measures=STUDY.measures),
            nulls=jobs.any(nulls_of),
            choosing=jobs.any(redrawn_nulls_of),
        script:
            "../scripts/score.py"
