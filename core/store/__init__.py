"""What outlives the process: the data folder, its write lock, and the database of runs."""
