rule pixel_deviation:
    input:
        # Checksums identify the files, so that a newer copy reruns nothing.
        mnist=ancient(rules.mnist.output),
    output:
        covariate="<results>/nulls/pixel_deviation.csv",
    log:
        "<results>/logs/pixel_deviation.log",
    benchmark:
        "<results>/benchmarks/pixel_deviation.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(20),
    params:
        **made_by("pixel_deviation.py"),
        dataset=STUDY.dataset.name,
        train_images=STUDY.dataset.train_images,
    script:
        "../scripts/pixel_deviation.py"


for jobs in JOBS_OF_LAYERS:

    rule:
        name:
            jobs.rule("null")
        input:
            **observed_of(jobs),
            networks=jobs.files(FILES.networks),
        output:
            tables=draws(jobs.files(FILES.draws)),
        log:
            jobs.file("<results>/logs/null/{condition}/{seeds}/{layer}/{k}.{null}.log"),
        benchmark:
            jobs.file("<results>/benchmarks/null/{condition}/{seeds}/{layer}/{k}.{null}.tsv")
        wildcard_constraints:
            condition=jobs.condition(CONDITION),
            null=one_of(null for null in STUDY.redrawn_nulls if null != "within"),
        priority: max(1, DRAWN_FIRST)
        conda:
            ENVIRONMENT
        threads: threads_of_draws(jobs)
        resources:
            mem_mb=growing_with_threads(jobs.largest(memory_of_draws)),
            runtime=growing_with_threads(jobs.total(minutes_of_draws)),
        params:
            **of_wildcards(files_of_null),
            **if_added(**if_adaptive(measures=STUDY.measures)),
            **jobs.params,
            job=jobs.any(null_job),
            k_values=k_values_of,
        script:
            f"../scripts/{null_script('null')}"

    rule:
        name:
            jobs.rule("null_labels")
        input:
            networks=jobs.files(FILES.networks),
            partitions=jobs.files(FILES.partitions),
            held_out=jobs.files(FILES.held_out),
        output:
            tables=draws(jobs.files("<results>/nulls/{condition}/{seeds}/{layer}/{k}.labels.npz")),
        log:
            jobs.file("<results>/logs/null/{condition}/{seeds}/{layer}/{k}.labels.log"),
        benchmark:
            jobs.file("<results>/benchmarks/null/{condition}/{seeds}/{layer}/{k}.labels.tsv")
        wildcard_constraints:
            condition=jobs.condition(CONDITION),
        priority: DRAWN_FIRST
        conda:
            ENVIRONMENT
        threads: threads_of_draws(jobs)
        resources:
            mem_mb=growing_with_threads(jobs.largest(memory_of_draws)),
            runtime=growing_with_threads(jobs.total(minutes_of_draws)),
        params:
            **made_by("null_labels.py"),
            **jobs.params,
            job=jobs.any(labels_job),
        script:
            "../scripts/null_labels.py"

    # A separate rule, so that a change of the covariate redraws no other null.
    rule:
        name:
            jobs.rule("null_within")
        input:
            **observed_of(jobs),
            networks=jobs.files(FILES.networks),
            covariate=jobs.each(covariate_of),
        output:
            tables=draws(jobs.files("<results>/nulls/{condition}/{seeds}/{layer}/{k}.within.npz")),
        log:
            jobs.file("<results>/logs/null/{condition}/{seeds}/{layer}/{k}.within.log"),
        benchmark:
            jobs.file("<results>/benchmarks/null/{condition}/{seeds}/{layer}/{k}.within.tsv")
        wildcard_constraints:
            condition=jobs.condition(CONDITION),
        priority: max(1, DRAWN_FIRST)
        conda:
            ENVIRONMENT
        threads: threads_of_draws(jobs)
        resources:
            mem_mb=growing_with_threads(jobs.largest(memory_of_draws)),
            runtime=growing_with_threads(jobs.total(minutes_of_draws)),
        params:
            **made_by(null_script("null_within"), *METHOD_FILES, *DECIDING_MEASURES),
            **if_added(**if_adaptive(measures=STUDY.measures)),
            **jobs.params,
            job=jobs.any(stratified_job),
            k_values=k_values_of,
        script:
            f"../scripts/{null_script('null_within')}"
