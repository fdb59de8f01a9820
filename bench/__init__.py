"""Measurements: `python -m bench` runs them and writes docs/benchmarks.md. See bench/README.md."""
