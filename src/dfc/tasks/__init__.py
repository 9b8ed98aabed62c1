"""What a LUT is for: super-resolution, denoising, deblocking, deblurring."""
