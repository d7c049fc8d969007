rule mnist:
    output:
        expand("<data>/{file}", file=MNIST_FILES),
    log:
        "results/logs/mnist.log",
    benchmark:
        "results/benchmarks/mnist.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        study={"path": STUDY.dataset.path},
        code=code_digests("mnist.py"),
    script:
        "../scripts/mnist.py"
