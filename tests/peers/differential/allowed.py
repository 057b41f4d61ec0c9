"""The list of differences that are meant: `differences.toml`, each entry with its reason.

An entry names the command by its first words and may narrow down the request and both replies by
regular expressions over their printed form. One that `parts` leaves different keys behind: the run goes
on from empty databases.
"""

import re
import tomllib
from pathlib import Path

import resp

FILE = Path(__file__).parent.parent / "differences.toml"
KEYS = {"command", "request", "redis", "mainstay", "parts", "reason"}


class Allowed:
    def __init__(self, path=FILE):
        self.entries = tomllib.loads(path.read_text()).get("difference", []) if path.exists() else []
        for entry in self.entries:
            unknown = entry.keys() - KEYS
            if unknown or not entry.get("reason") or not entry.get("command"):
                raise SystemExit(f"{path}: an entry needs `command` and `reason`; got {entry}")
        self.used = [0] * len(self.entries)

    def covers(self, difference):
        """The entry that the difference is meant by, or None."""
        request = difference.step.argv if difference.step else (b"(dump)",)
        words = b" ".join(request).upper()
        shown = resp.show_request(request)
        for number, entry in enumerate(self.entries):
            name = entry["command"].upper().encode()
            if not (words == name or words.startswith(name + b" ")):
                continue
            wanted = [("request", shown), ("redis", difference.left), ("mainstay", difference.right)]
            if all(re.search(entry[key], text) for key, text in wanted if key in entry):
                self.used[number] += 1
                return entry
        return None

    def unused(self):
        return [entry for entry, used in zip(self.entries, self.used) if not used]
