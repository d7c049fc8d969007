rule aggregate:
    input:
        scores=grid_files(FILES.scores),
        fresh=grid_files(FILES.scores, STUDY.fresh_conditions),
        clusters=grid_files(FILES.clusters),
        function=probed_files(FILES.function),
        function_clusters=probed_files(FILES.function_clusters),
        ablations=probed_files(FILES.ablations),
        lesions=probed_files(FILES.lesions),
        partitions=grid_files(FILES.partitions),
        weights=network_files(),
        networks=network_files("networks.csv"),
        agreement=block_files(FILES.agreement),
        best_k=choices("best_k"),
        best_k_networks=choices("best_k_networks"),
    output:
        scores_parquet="<results>/tables/scores.parquet",
        scores_csv="<results>/tables/scores.csv",
        summary_csv="<results>/tables/summary.csv",
        summary_tex="<results>/tables/summary.tex",
        networks="<results>/tables/networks.csv",
        clusters="<results>/tables/clusters.parquet",
        ablations="<results>/tables/ablations.parquet",
        lesions="<results>/tables/lesions.parquet",
        lesions_networks="<results>/tables/lesions_networks.csv",
        partitions="<results>/tables/partitions.parquet",
        paired="<results>/tables/paired.csv",
        agreement_csv="<results>/tables/agreement.csv",
        agreement_parquet="<results>/tables/agreement.parquet",
        best_k="<results>/tables/best_k.csv",
        best_k_networks="<results>/tables/best_k_networks.csv",
    log:
        "<results>/logs/aggregate.log",
    benchmark:
        "<results>/benchmarks/aggregate.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_layer),
        runtime=growing(minutes_of_study),
    params:
        **made_by("aggregate.py", *ADDED_MEASURES),
        job=asdict(job_parameters.aggregation_job(STUDY)),
    script:
        "../scripts/aggregate.py"


rule calibrate:
    input:
        scores=rules.aggregate.output.scores_parquet,
    output:
        cells="<results>/tables/calibration.csv",
        nulls="<results>/tables/calibration_nulls.csv",
        bits="<results>/tables/calibration_bits.csv",
    log:
        "<results>/logs/calibrate.log",
    benchmark:
        "<results>/benchmarks/calibrate.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_layer),
        runtime=growing(60),
    params:
        **made_by("calibrate.py"),
        conditions=STUDY.calibration,
    script:
        "../scripts/calibrate.py"
