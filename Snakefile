import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.12")  # for pathvars

# Nothing that is imported here loads torch or scikit-learn: on a cluster, each job parses this.
sys.path.insert(0, str(Path(workflow.current_basedir) / "scripts"))
from clusterability.blocks import Block
from clusterability.config_files import DEFAULT, check_configs
from clusterability.errors import UserError
from clusterability.names import FRESH, IMPORTED, NETWORK
from clusterability.recipe import MNIST_CLASSES, MNIST_PIXELS
from clusterability.provenance import code_digests, software_versions
from clusterability.study import MNIST_FILES, load_study

try:
    check_configs(workflow.overwrite_configfiles or filter(Path.exists, [DEFAULT]))
except UserError as error:
    sys.exit(str(error))

# A study is one config: a file that the command line names replaces the default study.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


try:
    STUDY = load_study(config, source=", ".join(map(str, workflow.configfiles)) or "config")
except UserError as error:
    # Leaves at once: an exception of Snakemake's would add the place in this file.
    sys.exit(str(error))


pathvars:
    results=STUDY.results,
    data="results/data/mnist",


include: "rules/common.smk"
include: "rules/mnist.smk"
include: "rules/train.smk"
include: "rules/networks.smk"
include: "rules/cluster.smk"
include: "rules/null.smk"
include: "rules/score.smk"
include: "rules/probe.smk"
include: "rules/compare.smk"
include: "rules/aggregate.smk"
include: "rules/answer.smk"
include: "rules/plot.smk"


rule all:
    default_target: True
    input:
        rules.aggregate.output,
        rules.calibrate.output if STUDY.calibration else [],
        rules.validate.output if STUDY.answers else [],
        rules.find.output if STUDY.conditions else [],
        figure_files(),


rule networks:
    input:
        network_files(),


rule tables:
    input:
        rules.aggregate.output,
