rule null:
    input:
        networks=rules.cluster.input.networks,
    output:
        tables=draws("<results>/nulls/{condition}/{seeds}/{layer}/{k}.{null}.npz"),
    log:
        "<results>/logs/null/{condition}/{seeds}/{layer}/{k}.{null}.log",
    benchmark:
        "<results>/benchmarks/null/{condition}/{seeds}/{layer}/{k}.{null}.tsv"
    wildcard_constraints:
        null=one_of(null for null in STUDY.redrawn_nulls if null != "within"),
    priority: max(1, DRAWN_FIRST)
    conda:
        ENVIRONMENT
    threads: threads_of_draws
    resources:
        mem_mb=growing_with_threads(memory_of_draws),
        runtime=growing_with_threads(minutes_of_draws),
    params:
        **of_wildcards(files_of_null),
        job=null_job,
        k_values=k_values_of,
    script:
        "../scripts/null.py"


rule null_labels:
    input:
        networks=rules.cluster.input.networks,
        partitions=rules.cluster.output.partitions,
        held_out=rules.cluster.output.held_out,
    output:
        tables=draws("<results>/nulls/{condition}/{seeds}/{layer}/{k}.labels.npz"),
    log:
        "<results>/logs/null/{condition}/{seeds}/{layer}/{k}.labels.log",
    benchmark:
        "<results>/benchmarks/null/{condition}/{seeds}/{layer}/{k}.labels.tsv"
    priority: DRAWN_FIRST
    conda:
        ENVIRONMENT
    threads: threads_of_draws
    resources:
        mem_mb=growing_with_threads(memory_of_draws),
        runtime=growing_with_threads(minutes_of_draws),
    params:
        **made_by("null_labels.py"),
        job=labels_job,
    script:
        "../scripts/null_labels.py"


rule pixel_deviation:
    input:
        # The files are known by their checksums: made again, they are the same.
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


# A rule of its own: other nulls have no covariate, and are not drawn again where this changes.
rule null_within:
    input:
        networks=rules.cluster.input.networks,
        covariate=covariate_of,
    output:
        tables=draws("<results>/nulls/{condition}/{seeds}/{layer}/{k}.within.npz"),
    log:
        "<results>/logs/null/{condition}/{seeds}/{layer}/{k}.within.log",
    benchmark:
        "<results>/benchmarks/null/{condition}/{seeds}/{layer}/{k}.within.tsv"
    priority: max(1, DRAWN_FIRST)
    conda:
        ENVIRONMENT
    threads: threads_of_draws
    resources:
        mem_mb=growing_with_threads(memory_of_draws),
        runtime=growing_with_threads(minutes_of_draws),
    params:
        **made_by("null_within.py", *METHOD_FILES),
        job=stratified_job,
        k_values=k_values_of,
    script:
        "../scripts/null_within.py"
