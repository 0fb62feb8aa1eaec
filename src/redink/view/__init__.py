"""The viewer: a local page over the tables of a run."""
