"""poolviz outside of notebooks, from a shell."""
