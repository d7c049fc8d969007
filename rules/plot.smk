rule plot:
    input:
        unpack(figure_inputs),
    output:
        pdf="<results>/figures/{figure}.{item}.pdf",
        svg="<results>/figures/{figure}.{item}.svg",
        png="<results>/figures/{figure}.{item}.png",
        csv="<results>/figures/{figure}.{item}.csv",
        txt="<results>/figures/{figure}.{item}.txt",
        screen=report(
            "<results>/report/{figure}.{item}.png",
            caption="report/caption.rst",
            category=lambda wildcards: FIGURES[wildcards.figure].category,
            subcategory="{figure}",
            labels=lambda wildcards: FIGURES[wildcards.figure].labels(STUDY, wildcards.item),
        ),
    log:
        "<results>/logs/plot/{figure}.{item}.log",
    benchmark:
        "<results>/benchmarks/plot/{figure}.{item}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(memory_of_scores),
        runtime=growing(30),
    params:
        **of_wildcards(files_of_figure),
        job=lambda wildcards: asdict(FIGURES[wildcards.figure].job(STUDY)),
    script:
        "../scripts/plot.py"


rule contact_sheet:
    input:
        figures=expand("<results>/figures/{name}.png", name=figure_names()),
    output:
        sheet="<results>/figures/index.png",
    log:
        "<results>/logs/contact_sheet.log",
    benchmark:
        "<results>/benchmarks/contact_sheet.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(20),
    params:
        **made_by("contact_sheet.py"),
    script:
        "../scripts/contact_sheet.py"
