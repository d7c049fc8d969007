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
    # No params: checksums identify the files, whatever their source and the code that got them.
    script:
        "../scripts/mnist.py"
