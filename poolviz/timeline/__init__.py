"""The widget, and the thread that keeps it current."""
