# One page with the verdict, and the weights, clusters, scores and ablations of every network.


rule explore:
    input:
        # As for training, MNIST is known by its checksums.
        mnist=ancient(lambda wildcards: rules.mnist.output if shown_jobs() else []),
        weights=network_files(),
        partitions=files_of_layers(FILES.partitions),
        draws=files_of_layers(FILES.scored_draws),
        scores=rules.aggregate.output.scores_parquet,
        summary=rules.aggregate.output.summary_csv,
        clusters=rules.aggregate.output.clusters,
        ablations=rules.aggregate.output.ablations,
        networks=rules.aggregate.output.networks,
        verdict=rules.answer.output.verdict,
    output:
        page="<results>/explore.html",
    log:
        "<results>/logs/explore.log",
    benchmark:
        "<results>/benchmarks/explore.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(minutes_of_study),
    params:
        # The page shows some networks beside a clustered shuffle.
        **made_by(
            "explore.py",
            "nulls/shuffle.py",
            *METHOD_FILES,
            *web_files("report/page/web"),
            *added("null"),
        ),
        job=asdict(page_job(STUDY)),
        shown=shown_jobs(),
    script:
        "../scripts/explore.py"
