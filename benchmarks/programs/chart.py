"""Draw how time and memory grow with the number of items: points as JSON, and the file to write."""

from __future__ import annotations

import json
import sys

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

points = json.loads(sys.argv[1])
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
for axes, place, label in ((left, 1, "µs for each item"), (right, 2, "peak memory, MiB")):
    for verb, values in points.items():
        axes.plot([value[0] for value in values], [value[place] for value in values], marker="o", label=verb)
    axes.set_xscale("log")
    axes.set_yscale("log" if place == 1 else "linear")
    axes.set_ylim(bottom=0 if place == 2 else None)
    axes.set_xlabel("items")
    axes.set_ylabel(label)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
figure.tight_layout()
figure.savefig(sys.argv[2], dpi=100, metadata={"Software": None})
