"""Parameters of the jobs of a study, as plain values.

`study.job_parameters` builds them and scripts read them. The workflow writes each with `asdict`
into the parameters of its rule, so a changed value reruns the job. Each kind of job has a module
that imports nothing, so an edit reruns no other kind.
"""
