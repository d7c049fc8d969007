# Comparisons of partitions across k, layers and networks: choice of k, and agreement.


for jobs in JOBS_OF_LAYERS:

    rule:
        name:
            jobs.rule("choose_k")
        input:
            networks=jobs.each(networks_of_condition),
            partitions=jobs.each(choice_files(FILES.partitions)),
            starts=jobs.each(choice_files(FILES.starts)),
            draws=jobs.each(choice_files(FILES.scored_draws)),
        output:
            cells=jobs.files("<results>/scores/{condition}/{layer}.best_k.csv"),
            networks=jobs.files("<results>/scores/{condition}/{layer}.best_k_networks.csv"),
        log:
            jobs.file("<results>/logs/choose_k/{condition}/{layer}.log"),
        benchmark:
            jobs.file("<results>/benchmarks/choose_k/{condition}/{layer}.tsv")
        wildcard_constraints:
            condition=jobs.condition(CONDITION),
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=growing(jobs.largest(memory(1000, 1, networks_of_job))),
            runtime=growing(jobs.total(lambda wildcards: 60 + networks_of_job(wildcards) // 10)),
        params:
            **made_by("choose_k.py", *ADDED_MEASURES),
            **jobs.params,
            **if_adaptive(adaptive=jobs.any(adaptive_draws_of)),
            nulls=STUDY.redrawn_nulls,
        script:
            "../scripts/choose_k.py"


for jobs in JOBS_OF_NETWORKS:

    rule:
        name:
            jobs.rule("agree")
        input:
            partitions=jobs.each(compared_in_block(FILES.partitions)),
            starts=jobs.each(compared_in_block(FILES.starts)),
            planted=jobs.each(planted_in_block),
            partners=jobs.each(partners_of_block),
        output:
            agreement=jobs.files(FILES.agreement),
        log:
            jobs.file("<results>/logs/agree/{condition}/{seeds}.log"),
        benchmark:
            jobs.file("<results>/benchmarks/agree/{condition}/{seeds}.tsv")
        wildcard_constraints:
            condition=jobs.condition(CONDITION),
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=growing(jobs.total(memory(1000, 6))),
            runtime=growing(jobs.total(lambda wildcards: 30 + size_of(wildcards))),
        params:
            **made_by("agree.py"),
            **jobs.params,
            job=jobs.any(agreement_job),
        script:
            "../scripts/agree.py"
