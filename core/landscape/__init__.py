"""Landscapes: paths of optimizers on surfaces, and the surfaces of real networks."""
