"""The pools. They know nothing of notebooks, traces or widgets: they report to `poolviz.observe`."""
