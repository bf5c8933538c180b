"""Benchmarks: one file a figure; every claim is a ratio, measured side by side, equality of results asserted first."""
