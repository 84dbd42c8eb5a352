"""What scripts/bench measures: ratios side by side in one run, medians of several rounds with their spread."""
