"""All of it on one machine, offline: the demo, its seeds, its mail sink, and the tour that drives it."""
