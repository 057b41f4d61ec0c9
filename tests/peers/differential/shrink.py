"""From the steps that led to a difference to the few that are needed for it.

Delta debugging over the steps before the last one: remove ever smaller pieces as long as the last step
still shows a difference. Each try starts from empty databases and new connections.
"""

import time


def shrink(duel, steps, differs, seconds=20.0):
    """The smallest list found within the time; `differs(difference)` tells whether a try counts."""
    deadline = time.monotonic() + seconds
    last = steps[-1]

    def shows(before):
        duel.fresh()
        for step in before:
            duel.play(step)
        found = duel.play(last)
        return found is not None and differs(found)

    before = _related(steps)
    if not shows(before):
        before = list(steps[:-1])
        if not shows(before):
            return None
    pieces = 2
    while before and time.monotonic() < deadline:
        size = max(1, -(-len(before) // pieces))
        for at in range(0, len(before), size):
            rest = before[:at] + before[at + size :]
            if shows(rest):
                before, pieces = rest, max(pieces - 1, 2)
                break
            if time.monotonic() > deadline:
                break
        else:
            if size == 1:
                break
            pieces = min(pieces * 2, len(before))
    return before + [last]


def _related(steps):
    """A good first guess: what shares a connection's state or an argument with the last step."""
    last = steps[-1]
    names = set(last.argv[1:])
    session = (b"HELLO", b"SELECT", b"SWAPDB", b"MULTI", b"WATCH", b"EXEC", b"FLUSHALL", b"FLUSHDB", b"RESET")
    return [
        step
        for step in steps[:-1]
        if names & set(step.argv[1:]) or (step.argv and step.argv[0].upper() in session)
    ]
