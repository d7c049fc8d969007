# Conclusions from the tables: how good the clusters are, which measure to trust, whether published
# findings hold here, and how near published values are.


CONTENDER_FILES = [
    "contend.py",
    *(module_of("null", null) for null in STUDY.redrawn_nulls if null != "within"),
    *METHOD_FILES,
]
"""The script and the modules that it loads by name."""
JUDGED = list(dict.fromkeys(each.condition for each in judged_conditions(STUDY)))
"""Conditions whose true clusters are known."""


rule contend:
    input:
        networks=FILES.networks,
    output:
        rows=FILES.contenders,
    log:
        "<results>/logs/contend/{condition}/{seeds}.log",
    benchmark:
        "<results>/benchmarks/contend/{condition}/{seeds}.tsv"
    wildcard_constraints:
        condition=one_of(JUDGED),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_weights(1000, 4, 16)),
        runtime=growing(lambda wildcards: 30 + size_of(wildcards)),
    params:
        **made_by(*CONTENDER_FILES),
        job=lambda wildcards: asdict(job_parameters.contender_job(STUDY, wildcards.condition)),
    script:
        "../scripts/contend.py"


rule validate:
    input:
        scores=rules.aggregate.output.scores_parquet,
        clusters=rules.aggregate.output.clusters,
        agreement=rules.aggregate.output.agreement_parquet,
        networks=rules.aggregate.output.networks,
        contenders=block_files(FILES.contenders, JUDGED),
    output:
        validity="<results>/tables/validity.csv",
    log:
        "<results>/logs/validate.log",
    benchmark:
        "<results>/benchmarks/validate.tsv"
    # The longest of the last jobs: figures are drawn meanwhile.
    priority: 1
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
        validity=rules.validate.output.validity if answers(STUDY) else [],
    output:
        verdict="<results>/tables/verdict.csv",
        answer="<results>/answer.md",
        # First section of Snakemake's report.
        reported="<results>/report/answer.rst",
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
        permuted_of={name: twin for name in STUDY.conditions if (twin := STUDY.permuted_of(name))},
    script:
        "../scripts/answer.py"


rule snapshots:
    input:
        networks=rules.aggregate.output.networks,
        verdict=rules.answer.output.verdict,
        summary=rules.aggregate.output.summary_csv,
    output:
        snapshots="<results>/tables/snapshots.csv",
    log:
        "<results>/logs/snapshots.log",
    benchmark:
        "<results>/benchmarks/snapshots.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(20),
    params:
        **made_by("snapshots.py"),
        job=asdict(job_parameters.snapshots_job(STUDY)),
    script:
        "../scripts/snapshots.py"


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
