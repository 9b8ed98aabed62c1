"""The integer engine: Numba kernels that restore 8-bit images on the CPU."""
