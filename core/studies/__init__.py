"""Services made of runs, and the workbench that joins store, live hub and compute thread."""
