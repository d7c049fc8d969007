# What the tables say: how good the clusters are, which measure is right, whether published findings
# hold here, and how near published values are.


rule validate:
    input:
        scores=rules.aggregate.output.scores_parquet,
        clusters=rules.aggregate.output.clusters,
        agreement=rules.aggregate.output.agreement_parquet,
        networks=rules.aggregate.output.networks,
    output:
        validity="<results>/tables/validity.csv",
    log:
        "<results>/logs/validate.log",
    benchmark:
        "<results>/benchmarks/validate.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_scores),
        runtime=growing(minutes_of_study),
    params:
        **made_by("validate.py"),
        job=asdict(job_parameters.validity_job(STUDY)),
    script:
        "../scripts/validate.py"


rule answer:
    input:
        best_k=rules.aggregate.output.best_k_networks,
        clusters=rules.aggregate.output.clusters,
        networks=rules.aggregate.output.networks,
        validity=rules.validate.output.validity if STUDY.answers else [],
    output:
        verdict="<results>/tables/verdict.csv",
        answer="<results>/answer.md",
    log:
        "<results>/logs/answer.log",
    benchmark:
        "<results>/benchmarks/answer.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_scores),
        runtime=growing(30),
    params:
        **made_by("answer.py"),
        method=STUDY.drawn_method,
        resamples=STUDY.validity.resamples,
    script:
        "../scripts/answer.py"


rule find:
    input:
        scores=rules.aggregate.output.scores_parquet,
        networks=rules.aggregate.output.networks,
    output:
        findings="<results>/tables/findings.csv",
    log:
        "<results>/logs/find.log",
    benchmark:
        "<results>/benchmarks/find.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_scores),
        runtime=growing(30),
    params:
        **made_by("find.py"),
        job=asdict(job_parameters.validity_job(STUDY)),
    script:
        "../scripts/find.py"


rule replicate:
    input:
        unpack(compared_tables),
    output:
        table="<results>/tables/{table}.csv",
    log:
        "<results>/logs/replicate/{table}.log",
    benchmark:
        "<results>/benchmarks/replicate/{table}.tsv"
    wildcard_constraints:
        table=one_of(PUBLISHED),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_scores),
        runtime=growing(30),
    params:
        **made_by("replicate.py"),
        key=lambda wildcards: PUBLISHED[wildcards.table][0],
    script:
        "../scripts/replicate.py"
