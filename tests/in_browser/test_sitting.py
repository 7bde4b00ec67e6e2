"""A short sitting through the browser, and what may go wrong in one: nothing that was decided is lost."""

from sitting import sitting


def test_short_sitting_loses_nothing(lab, page):
    for part in sitting(lab, page, pace=0.05, results=6, pairs=1, fields=1):
        assert part.lost == 0, part
        assert 0 < part.recorded <= part.seconds + 1, part
