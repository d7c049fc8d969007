# Networks not trained here: random matrices, imported files and fresh initial networks. Also the
# structure planted in trained networks.


rule synthesise:
    output:
        networks=FILES.networks,
        rows="<results>/networks/{condition}/{seeds}.networks.csv",
        planted="<results>/networks/{condition}/{seeds}.planted.npz",
    log:
        "<results>/logs/synthesise/{condition}/{seeds}.log",
    benchmark:
        "<results>/benchmarks/synthesise/{condition}/{seeds}.tsv"
    wildcard_constraints:
        condition=one_of(STUDY.synthetic),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_weights(1500, 0, 16)),
        runtime=growing(20),
    params:
        **made_by("synthesise.py"),
        job=lambda wildcards: STUDY.synthetic[wildcards.condition].model_dump(),
        seeds=seeds_of,
    script:
        "../scripts/synthesise.py"


for jobs in JOBS_OF_NETWORKS:

    rule:
        name:
            jobs.rule("import_network")
        input:
            files=jobs.each(files_of_import),
        output:
            networks=jobs.files(FILES.networks),
            rows=jobs.files("<results>/networks/{condition}/{seeds}.networks.csv"),
        log:
            jobs.file("<results>/logs/import_network/{condition}/{seeds}.log"),
        benchmark:
            jobs.file("<results>/benchmarks/import_network/{condition}/{seeds}.tsv")
        wildcard_constraints:
            condition=jobs.condition(one_of(STUDY.networks)),
            seeds=IMPORTED,
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=growing(jobs.largest(memory_of_file)),
            runtime=growing(20),
        params:
            **made_by("import_network.py"),
            **jobs.params,
            job=jobs.merged(import_job),
        script:
            "../scripts/import_network.py"


rule fresh:
    output:
        networks=FILES.networks,
    log:
        "<results>/logs/fresh/{condition}/{seeds}.log",
    benchmark:
        "<results>/benchmarks/fresh/{condition}/{seeds}.tsv"
    wildcard_constraints:
        condition=f"{FRESH}({GLOROT})?[0-9-]+",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_weights(1500, 4, 12)),
        runtime=growing(20),
    params:
        **made_by("fresh.py"),
        job=lambda wildcards: asdict(job_parameters.fresh_job(wildcards.condition)),
        seeds=seeds_of,
    script:
        "../scripts/fresh.py"


rule plant:
    input:
        networks=rules.train.output.networks,
    output:
        planted="<results>/networks/{condition}/{seeds}.planted.npz",
    log:
        "<results>/logs/plant/{condition}/{seeds}.log",
    benchmark:
        "<results>/benchmarks/plant/{condition}/{seeds}.tsv"
    wildcard_constraints:
        condition=one_of(filter(STUDY.plants, STUDY.conditions)),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_weights(1500, 0, 12)),
        runtime=growing(20),
    params:
        **made_by("plant.py"),
    script:
        "../scripts/plant.py"
