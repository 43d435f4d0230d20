"""What Hearthline costs, measured: `python -m benchmarks` prints one JSON object. See docs/benchmarks.md."""
