"""The families of commands, one file each. This list is the only place that names the files.

To add a command: one line in its family's file. To add a family: a file with `FAMILY`, and its name here.
"""

from importlib import import_module

from ..table import Table

NAMES = (
    "strings", "keys", "lists", "hashes", "hash_deadlines", "sets", "sorted_sets", "streams", "bitmaps",
    "hyperloglogs", "geo", "corners", "sorting", "connection", "transactions", "pubsub", "server",
    "scripting", "unknown",
)


def table(wanted=None):
    names = wanted or NAMES
    unknown = set(names) - set(NAMES)
    if unknown:
        raise SystemExit(f"no such family: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return Table([import_module(f"{__name__}.{name}").FAMILY for name in names])
