"""Runs, their step loop, instruments, snapshots and the background thread that advances them."""
