def limit_jobs_to_gpus():
    """A GPU for each training job where jobs run on this machine, and no more jobs than GPUs.

    Returns the number of GPUs that a job asks for. Others would wait for a GPU on cores that other
    rules could use. What the command line or a profile says of `gpu` goes before. On a cluster
    (which has a number of jobs, where a machine has a number of cores) the profile asks for GPUs.
    """
    device = STUDY.training.device
    if not workflow.is_main_process or workflow.resource_settings.nodes is not None:
        return int(device.startswith("cuda"))
    count = gpus_at_once(device)
    if count and "gpu" not in workflow.global_resources:
        workflow.register_resource("gpu", count)
    return int(device.startswith("cuda") or count > 0)


rule train:
    input:
        # The files are known by their checksums: made again, they are the same.
        mnist=ancient(rules.mnist.output),
    output:
        networks="<results>/networks/{condition}/{seeds}.safetensors",
        history="<results>/networks/{condition}/{seeds}.history.csv",
        rows="<results>/networks/{condition}/{seeds}.networks.csv",
    log:
        "<results>/logs/train/{condition}/{seeds}.log",
    benchmark:
        "<results>/benchmarks/train/{condition}/{seeds}.tsv"
    wildcard_constraints:
        condition=one_of(STUDY.conditions),
    conda:
        ENVIRONMENT
    threads: STUDY.training.threads
    resources:
        mem_mb=growing(lambda wildcards: 2500 + 20 * size_of(wildcards)),
        runtime=growing(lambda wildcards: 30 + 5 * size_of(wildcards)),
        gpu=limit_jobs_to_gpus(),
    params:
        study=lambda wildcards: STUDY.training_parameters(wildcards.condition),
        seeds=seeds_of,
        code=code_digests("train.py"),
        software=software_versions("train.py"),
    script:
        "../scripts/train.py"
