"""The CUDA backend: training tables of one tap with Triton kernels."""
