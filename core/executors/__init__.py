"""Where the runs of a study train: the compute thread of this process, or workers of a Ray cluster."""
