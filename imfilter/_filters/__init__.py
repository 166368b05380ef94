"""The filters, one folder for each family. A family holds its decisions, and its pixel loops in `kernels`."""
