# Layers of a network compared at equal size, by random sub-matrices as large as its smallest layer.


EQUAL_SIZE_FILES = [
    "equal_size.py",
    "nulls/shuffle.py",
    *(module_of("method", name) for name in STUDY.equal_size.methods),
]
"""The script and the modules that it loads by name."""


rule equal_size:
    input:
        networks=FILES.networks,
    output:
        rows=FILES.equal_size,
    log:
        "<results>/logs/equal_size/{condition}/{seeds}/{layer}.log",
    benchmark:
        "<results>/benchmarks/equal_size/{condition}/{seeds}/{layer}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_weights(1000, 4, 4)),
        runtime=growing(minutes_of_submatrices),
    params:
        **made_by(*EQUAL_SIZE_FILES),
        job=asdict(job_parameters.equal_size_job(STUDY)),
    script:
        "../scripts/equal_size.py"


rule equal_size_table:
    input:
        rows=equal_size_files(FILES.equal_size),
    output:
        table="<results>/tables/equal_size.csv",
    log:
        "<results>/logs/equal_size_table.log",
    benchmark:
        "<results>/benchmarks/equal_size_table.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_layer),
        runtime=growing(30),
    params:
        **made_by("equal_size_table.py"),
    script:
        "../scripts/equal_size_table.py"
