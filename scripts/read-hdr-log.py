"""Reads an HdrHistogram log with the Python package: read-hdr-log.py FILE. Prints JSON: for each tag the number of
intervals, the first and the last second, the count, and percentiles of all intervals together.

The package is one of PyPI; `make test-deps` puts it into .build/python.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".build", "python"))

from hdrh.histogram import HdrHistogram  # noqa: E402
from hdrh.log import HistogramLogReader  # noqa: E402

PERCENTILES = {"p50": 50, "p75": 75, "p90": 90, "p95": 95, "p99": 99, "p99.9": 99.9, "p99.99": 99.99}


def empty():
    return HdrHistogram(1000, 180_000_000_000, 3)


reader = HistogramLogReader(sys.argv[1], empty())
sums, times = {}, {}
while (interval := reader.get_next_interval_histogram()) is not None:
    tag = interval.get_tag()
    sums.setdefault(tag, empty()).add(interval)
    times.setdefault(tag, []).append((interval.get_start_time_stamp() / 1000, interval.get_end_time_stamp() / 1000))

result = {}
for tag, histogram in sums.items():
    result[tag] = {
        "intervals": len(times[tag]),
        "first": times[tag][0][0],
        "last": times[tag][-1][1],
        "count": histogram.get_total_count(),
        "max": histogram.get_max_value(),
    }
    for name, percentile in PERCENTILES.items():
        result[tag][name] = histogram.get_value_at_percentile(percentile)
print(json.dumps(result))
