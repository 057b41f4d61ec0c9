"""Payloads of RESTORE that are made here: the frozen values of the codec, sealed as DUMP seals them.

The values are in `server/src/persist/rdb/frozen`: a form, the lowest version that has it, and bytes
built by hand. Not here: what they mean; the server's own tests know.
"""

from servers import ROOT

FROZEN = ROOT / "server/src/persist/rdb/frozen"
POLYNOMIAL = 0x95AC9329AC4BC9B5


def _table():
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ POLYNOMIAL if byte & 1 else byte >> 1
        yield byte


TABLE = list(_table())


def crc64(data):
    """The checksum of RDB, one byte after the other."""
    total = 0
    for byte in data:
        total = total >> 8 ^ TABLE[(total ^ byte) & 0xFF]
    return total


def seal(value, version):
    """A form and a value as DUMP answers them."""
    covered = value + version.to_bytes(2, "little")
    return covered + crc64(covered).to_bytes(8, "little")


def frozen(version_max):
    """{name: payload} of all frozen values of versions up to this one."""
    found = {}
    for path in sorted(FROZEN.glob("*.txt")):
        value, version = b"", 0
        for line in path.read_text().splitlines():
            words = line.partition(";")[0].split()
            if words[:1] == ["form"]:
                value, version = bytes([int(words[1])]), int(words[3])
            elif words and words[0] not in "#=":
                value += bytes.fromhex("".join(words))
        if version <= version_max:
            found[path.stem] = seal(value, version)
    return found
