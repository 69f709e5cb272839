"""How long the package takes, as ratios to other ways to do the same, measured by turns on one machine."""
