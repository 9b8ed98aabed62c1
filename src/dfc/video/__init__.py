"""Videos: files and Y4M streams in and out, and their frames."""
