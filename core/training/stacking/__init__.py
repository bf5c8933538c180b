"""Many runs as one: one update of several runs whose networks agree, with one call where solo runs need many."""
