# Figures, tables and texts of a study for a paper. Not part of `all`: `make paper` requests them.


PAPER_FIGURES = [paper_name(name) for name in figure_names()]
PAPER_NAMES = [name for name, source in PAPER_TABLES.items() if source in tables_in_print()]


rule paper:
    input:
        **{name: f"<results>/tables/{name}.csv" for name in tables_in_print()},
        figures=figure_files(),
        sources=[
            *(rules.mnist.output if STUDY.conditions else []),
            *(file for name in STUDY.networks for file in imported_files(name)),
            *(local(path) for _, path in PUBLISHED.values()),
        ],
    output:
        expand(
            "<results>/paper/figures/{name}.{ending}",
            name=PAPER_FIGURES,
            ending=["pdf", "svg", "png", "csv"],
        ),
        expand("<results>/paper/tables/{name}.{ending}", name=PAPER_NAMES, ending=["tex", "csv"]),
        expand("<results>/paper/captions/{name}.tex", name=PAPER_FIGURES),
        expand("<results>/paper/captions/table-{name}.tex", name=PAPER_NAMES),
        numbers="<results>/paper/numbers.tex",
        methods="<results>/paper/methods.md",
        manifest="<results>/paper/manifest.json",
    log:
        "<results>/logs/paper.log",
    benchmark:
        "<results>/benchmarks/paper.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_scores),
        runtime=growing(30),
    params:
        **made_by("paper.py", *STUDY.extensions),
        job=asdict(paper_job(STUDY, tables_in_print())),
    script:
        "../scripts/paper.py"
