"""What one job of a study is asked, as plain values.

`study.job_parameters` fills them in, and scripts read them.

Each is written with `asdict` into the parameters of its rule, so that a changed value runs the job
again. A module a kind of job: an edit of one runs no other kind again. They import nothing.
"""
