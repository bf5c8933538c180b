"""The services of the workbench by theme; `core.studies.workbench` joins them."""
