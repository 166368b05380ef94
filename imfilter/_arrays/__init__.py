"""Arrays of other libraries: lazy dask arrays, block by block, and labelled arrays of xarray.

A public function calls `calls.served` if its image is such an array. Neither library is imported before.
"""
