"""Turn a config as read from YAML into a study, or into one line for each of its faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from clusterability.errors import UserError, shorten
from clusterability.study.checks import CROSS_CHECKS
from clusterability.study.messages import fault_line
from clusterability.study.study import Study


def load_study(config: Mapping[str, Any], source: str = "config") -> Study:
    """Validate a config and return the study.

    Args:
        config: the config as read from YAML.
        source: name of the file, for messages.

    Raises:
        UserError: one line for each fault: key, value found, value expected.
    """
    faults = _faults(config)
    if faults:
        raise UserError("\n".join(f"{source}: {fault}" for fault in faults))
    return Study.model_validate(dict(config))


def _faults(config: Mapping[str, Any]) -> list[str]:
    """All faults of a config; cross-checks apply to sections that are sound by themselves."""
    faults = [
        f"{shorten(key)}: unknown key, expected one of {', '.join(Study.model_fields)}"
        for key in config
        if not isinstance(key, str)
    ]
    config = {key: value for key, value in config.items() if isinstance(key, str)}
    unsound: set[str] = set()
    try:
        Study.model_validate(dict(config))
    except ValidationError as error:
        for fault in error.errors():
            unsound.add(str(fault["loc"][0]))
            faults.append(fault_line(fault))
    sound = Study.model_validate({k: v for k, v in config.items() if k not in unsound})
    for sections, check in CROSS_CHECKS:
        if unsound.isdisjoint(sections):
            faults.extend(check(sound))
    return faults
