"""One module an output format, each a pure function of Inspections: no decisions, no files, no printing."""
