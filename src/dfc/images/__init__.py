"""Images: files in and out, and their pixels."""
