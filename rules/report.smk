# Tables in Snakemake's report; its answer and figures belong to every study. Not part of `all`:
# `make report` requests them.


REPORTED_TABLES = [
    *tables_in_print(),
    *(["calibration"] if STUDY.calibration else []),
    *PUBLISHED,
]


rule report_pages:
    input:
        rules.all.input,
        tables=expand("<results>/tables/{table}.csv", table=REPORTED_TABLES),
    output:
        tables=[
            report(
                f"<results>/report/{table}.html",
                category=TABLES_SHOWN,
                caption="report/table.rst",
                labels={"table": table},
            )
            for table in REPORTED_TABLES
        ],
    log:
        "<results>/logs/report_pages.log",
    benchmark:
        "<results>/benchmarks/report_pages.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_scores),
        runtime=growing(30),
    params:
        **made_by("report_pages.py", "report/table.html"),
        method=STUDY.drawn_method,
    script:
        "../scripts/report_pages.py"
