"""A package, so that fixtures of package scope end with the folder: see conftest.py."""
