"""Parameters of TypeScript notebooks for papermill.

papermill has no entry points for translators, but it imports those of its engines when it starts; this module is
installed as one (see install.mjs) and registers the translator as it is imported.
"""

import json
import math
import re

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

#: let name: type = value; // help
DECLARATION = re.compile(
    r"""
    ^(?:let|const|var)\s+(?P<name>[\w$]+)\s*
    (?::\s*(?P<type>(?:=>|[^=])+?)\s*)?                                         # => of a function
    =(?!>)\s*
    (?P<value>(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|(?!//)[^"'`])*?)\s*;?\s*  # // in a text is no comment
    (?://\s*(?P<help>.*))?$
    """,
    re.VERBOSE,
)


class TypeScriptTranslator(Translator):
    """Python values as TypeScript declarations; a name may be declared again in a later cell."""

    @classmethod
    def translate_none(cls, val):
        return "null"

    @classmethod
    def translate_str(cls, val):
        return json.dumps(val)

    translate_escaped_str = translate_str

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "NaN"
        if math.isinf(val):
            return "Infinity" if val > 0 else "-Infinity"
        return repr(val)

    @classmethod
    def translate_list(cls, val):
        return f"[{', '.join(cls.translate(item) for item in val)}]"

    @classmethod
    def translate_dict(cls, val):
        members = (f"{json.dumps(str(key))}: {cls.translate(item)}" for key, item in val.items())
        return f"{{ {', '.join(members)} }}"

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        return f"let {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell):
        """The parameters that a cell declares, one a line, for `papermill --help-notebook`."""
        found = (DECLARATION.match(line.strip()) for line in parameters_cell["source"].splitlines())
        return [
            Parameter(name=m["name"], inferred_type_name=m["type"] or "None", default=m["value"], help=m["help"] or "")
            for m in found
            if m
        ]


papermill_translators.register("typescript", TypeScriptTranslator)


class Engine(NBClientEngine):
    """papermill's own engine: what the entry point names."""
