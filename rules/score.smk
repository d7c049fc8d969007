for jobs in JOBS_OF_LAYERS:

    rule:
        name:
            jobs.rule("score")
        input:
            networks=jobs.files(FILES.networks),
            partitions=jobs.files(FILES.partitions),
            held_out=jobs.files(FILES.held_out),
            nulls=jobs.each(draws_of),
        output:
            scores=jobs.files(FILES.scores),
            clusters=jobs.files(FILES.clusters),
            # Values of measures in each draw: all that the choice of k needs of the draws.
            draws=jobs.files(FILES.scored_draws),
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
