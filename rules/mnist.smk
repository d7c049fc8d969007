rule mnist:
    output:
        expand("<data>/{file}", file=MNIST_FILES),
    log:
        f"results/logs/{STUDY.dataset.name}.log",
    benchmark:
        f"results/benchmarks/{STUDY.dataset.name}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(20),
    # No params: the files are known by their checksums, wherever and by whatever code they came.
    script:
        "../scripts/mnist.py"
