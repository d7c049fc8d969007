rule cluster:
    input:
        networks=rules.train.output.networks,
    output:
        partitions="<results>/clusters/{condition}/{seeds}/{layer}/{k}.npz",
    log:
        "<results>/logs/cluster/{condition}/{seeds}/{layer}/{k}.log",
    benchmark:
        "<results>/benchmarks/cluster/{condition}/{seeds}/{layer}/{k}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        study=STUDY.clustering_parameters(),
        k_values=k_values_of,
        code=code_digests("cluster.py"),
        software=software_versions("cluster.py"),
    script:
        "../scripts/cluster.py"
