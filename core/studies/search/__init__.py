"""Search: settings that are looked for, the runs that try them, and what they have come to. Optuna chooses."""
