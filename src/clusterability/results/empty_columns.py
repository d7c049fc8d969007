"""Types of columns without a value, by their names.

Parquet gives a column of which no value is known the type null. Such a column can neither be asked
for a text nor be put together with one that has texts, so it takes the type of its name.
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
"""Columns of the study's tables that hold texts; all others hold numbers."""


def with_types(schema: pa.Schema) -> pa.Schema:
    """The schema with a type for each column that has none.

    Whole numbers with gaps are floating-point numbers in a table, so those without any are, too.

    Args:
        schema: of a table; its metadata stay.

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
