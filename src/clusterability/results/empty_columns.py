"""Types of empty columns, by name.

Parquet gives the type null to a column without values. Such a column can neither be filtered by
text nor concatenated with one that has text, so its type is chosen by its name.
"""

from __future__ import annotations

import pyarrow as pa

TEXT_COLUMNS = frozenset(
    {
        "ablation",
        "analysis",
        "category",
        "claim",
        "comparison",
        "condition",
        "device",
        "digest",
        "family",
        "finding",
        "form",
        "function",
        "initial",
        "layer",
        "layers",
        "measure",
        "method",
        "name",
        "null",
        "other_condition",
        "other_layer",
        "permuted",
        "plateau",
        "quantity",
        "reason",
        "reference",
        "selection",
        "side",
        "snapshot",
        "source",
        "statistic",
        "status",
        "verdict",
    }
)
"""Text columns of the study's tables; all others hold numbers."""


def with_types(schema: pa.Schema) -> pa.Schema:
    """Replace the type null of empty columns in a schema.

    Numbers become floating-point numbers, as integers with gaps do.

    Args:
        schema: schema of a table; its metadata are kept.

    >>> import pyarrow as pa
    >>> empty = pa.schema({"method": pa.null(), "k": pa.null(), "seed": pa.int64()})
    >>> [str(field.type) for field in with_types(empty)]
    ['string', 'double', 'int64']
    """
    fields = [
        field.with_type(_type_of(field.name)) if pa.types.is_null(field.type) else field
        for field in schema
    ]
    return pa.schema(fields, metadata=schema.metadata)


def _type_of(column: str) -> pa.DataType:
    return pa.string() if column in TEXT_COLUMNS else pa.float64()
