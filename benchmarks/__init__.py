"""Where this package stands: ratios against other ways to do the same, all measured in one run on one machine."""
