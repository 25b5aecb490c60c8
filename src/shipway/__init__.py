"""shipway: the retraining loop as code, on one machine and on Azure."""
