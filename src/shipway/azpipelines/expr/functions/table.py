"""Name to function: the explicit table of every function of the language.

`counter` and the status functions are not here: they need a run and are added where they apply.
"""

from collections.abc import Mapping

from shipway.azpipelines.expr.functions import (
    and_,
    coalesce,
    contains,
    contains_value,
    convert_to_json,
    ends_with,
    eq,
    format,
    ge,
    gt,
    iif,
    in_,
    join,
    le,
    length,
    lower,
    lt,
    ne,
    not_,
    not_in,
    or_,
    replace,
    split,
    starts_with,
    substring,
    trim,
    upper,
    xor,
)
from shipway.azpipelines.expr.functions.spec import FunctionSpec

FUNCTIONS: Mapping[str, FunctionSpec] = {
    spec.name.lower(): spec
    for spec in (
        and_.SPEC,
        coalesce.SPEC,
        contains.SPEC,
        contains_value.SPEC,
        convert_to_json.SPEC,
        ends_with.SPEC,
        eq.SPEC,
        format.SPEC,
        ge.SPEC,
        gt.SPEC,
        iif.SPEC,
        in_.SPEC,
        join.SPEC,
        le.SPEC,
        length.SPEC,
        lower.SPEC,
        lt.SPEC,
        ne.SPEC,
        not_.SPEC,
        not_in.SPEC,
        or_.SPEC,
        replace.SPEC,
        split.SPEC,
        starts_with.SPEC,
        substring.SPEC,
        trim.SPEC,
        upper.SPEC,
        xor.SPEC,
    )
}
