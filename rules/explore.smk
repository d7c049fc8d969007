# One page: the verdict, and every network to look at, its weights, clusters, scores, ablations.


rule explore:
    input:
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
        # It clusters a shuffle of some networks, to show beside them.
        **made_by("explore.py", "nulls/shuffle.py", *METHOD_FILES, *web_files("report/page/web")),
        job=asdict(page_job(STUDY)),
    script:
        "../scripts/explore.py"
