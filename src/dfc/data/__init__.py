"""Images for training, validating and benchmarking: where they are and what is made of them."""
