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
        null=one_of(STUDY.redrawn_nulls),
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
