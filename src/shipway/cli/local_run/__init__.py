"""`shipway pipelines run`: a working tree taken as it is, run here and followed to its end."""
