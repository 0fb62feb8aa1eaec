"""Data sets whose solution steps are labelled: ProcessBench, PRMBench, Math-Shepherd and others."""
