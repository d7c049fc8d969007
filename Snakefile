import math
import sys
from dataclasses import asdict
from pathlib import Path

from snakemake.utils import min_version

min_version("9.12")  # for pathvars


include: "rules/source.smk"


PROJECT = project_folder(workflow.current_basedir)
find_library(PROJECT)
# None of these imports loads torch or scikit-learn, since each job on a cluster parses this file.
from clusterability_workflow import let_jobs_find_library, lock_and_config, settled
from clusterability_workflow.gpus import gpus_at_once
from clusterability_workflow.provenance import made_by, web_files
from clusterability_workflow.scheduling import look_for_jobs_when_one_ends
from clusterability_workflow.slurm import check_accounting
from clusterability_workflow.together import LayerBlock, jobs_of_layers
from clusterability.blocks import Block
from clusterability.errors import UserError
from clusterability.jobs.clustering_job import BYTES_OF_DRAW
from clusterability.measures.catalogue import MEASURES
from clusterability.names import FRESH, GLOROT, IMPORTED, NETWORK
from clusterability.networks.layer_names import PATTERN as LAYER_NAME, in_chain, require_chain
from clusterability.networks.tasks import TASKS
from clusterability.report.catalogue import (
    FIGURES,
    TABLES,
    TABLES_SHOWN,
    figure_items,
    page_job,
    paper_job,
)
from clusterability.report.paper.catalogue import PAPER_TABLES, paper_name
from clusterability.study import job_parameters
from clusterability.study.config_files import DEFAULT, check_configs
from clusterability.study.covariates import check_covariates
from clusterability.study.extensions_asked import check_extensions, module_of
from clusterability.study.loading import load_study
from clusterability.study.planted_conditions import answers, judged_conditions
from clusterability.study.published import check_published, published_conditions
from clusterability.study.sections import MNIST_FILES

let_jobs_find_library()

# A study is one config: a file named on the command line replaces the default study. A job on a
# cluster also parses this file, and uses the config with which its run began.
begun = None if workflow.is_main_process else lock_and_config.frozen()
try:
    if begun is not None:
        config.clear()
        config.update(begun)
    elif not workflow.modifier.skip_configfile:  # as a module does that has a config of its own
        check_configs(workflow.overwrite_configfiles or [DEFAULT])
        if not workflow.overwrite_configfiles:
            workflow.configfile(str(DEFAULT))  # as the directive does, which fits in no `try`
    STUDY = load_study(config, source=", ".join(map(str, workflow.configfiles)) or "config")
    if workflow.is_main_process:
        check_extensions(STUDY.extensions)
except UserError as error:
    # Exit at once: an exception in Snakemake would add the line in this file to the message.
    sys.exit(str(error))


pathvars:
    results=STUDY.results,
    data=STUDY.data_folder,


report: "rules/report/workflow.rst"


# `make plan` and `make verify` read the jobs from it.
lock_and_config.parsed = (workflow, STUDY)

# Lets the next `make study` skip planning if nothing is to be done.
settled.watch(workflow, PROJECT)


onstart:
    look_for_jobs_when_one_ends(workflow.scheduler)
    try:
        check_accounting(getattr(workflow.executor_settings, "status_command", None))
        for line in lock_and_config.begin(
            config,
            Path(STUDY.results),
            Path(STUDY.data_folder),
            MNIST_FILES if shows_mnist() else [],
        ):
            print(line, file=sys.stderr)
    except UserError as error:
        sys.exit(str(error))


onsuccess:
    print("\n".join(lock_and_config.closing_lines(Path(STUDY.results))), file=sys.stderr)


include: "rules/common.smk"
include: "rules/mnist.smk"
include: "rules/train.smk"
include: "rules/networks.smk"
include: "rules/cluster.smk"
include: "rules/null.smk"
include: "rules/score.smk"
include: "rules/probe.smk"
include: "rules/compare.smk"
include: "rules/equal_size.smk"
include: "rules/aggregate.smk"
include: "rules/answer.smk"
include: "rules/explore.smk"
include: "rules/plot.smk"
include: "rules/paper.smk"


rule all:
    default_target: True
    input:
        # All files, not only the last ones, so that removed intermediate files are made again.
        results_of_blocks,
        rules.aggregate.output,
        rules.calibrate.output if STUDY.calibration else [],
        rules.equal_size_table.output if STUDY.equal_size.draws else [],
        rules.validate.output if answers(STUDY) else [],
        rules.answer.output,
        rules.find.output if STUDY.conditions else [],
        rules.snapshots.output if STUDY.snapshots else [],
        expand("<results>/tables/{table}.csv", table=PUBLISHED),
        rules.explore.output if STUDY.drawn_method is not None else [],
        figure_files(),
        figures_on_screen(),
        rules.contact_sheet.output,


rule networks:
    input:
        network_files(),


rule tables:
    input:
        rules.aggregate.output,


# Included after `all`, since it uses its files.
include: "rules/report.smk"
