"""What poolviz does in a notebook by itself."""
