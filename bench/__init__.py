"""The speed of the finance pages and exports against bare programs in the same run. See `python -m bench -h`."""
