"""The networks of a study, one family a file; `known` lists them without loading torch."""
