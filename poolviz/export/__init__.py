"""Files made of a trace."""
