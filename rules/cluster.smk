rule cluster:
    input:
        networks="<results>/networks/{condition}/{seeds}.safetensors",
    output:
        partitions="<results>/clusters/{condition}/{seeds}/{layer}/{k}.npz",
        starts="<results>/clusters/{condition}/{seeds}/{layer}/{k}.starts.npz",
        held_out="<results>/clusters/{condition}/{seeds}/{layer}/{k}.held_out.npz",
    log:
        "<results>/logs/cluster/{condition}/{seeds}/{layer}/{k}.log",
    benchmark:
        "<results>/benchmarks/cluster/{condition}/{seeds}/{layer}/{k}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(lambda wildcards: 1500 + 20 * size_of(wildcards)),
        runtime=growing(lambda wildcards: 30 + size_of(wildcards)),
    params:
        study=lambda wildcards: STUDY.clustering_parameters(wildcards.layer),
        k_values=k_values_of,
        code=code_digests("cluster.py"),
        software=software_versions("cluster.py"),
    script:
        "../scripts/cluster.py"
