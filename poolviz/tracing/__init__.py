"""Traces: batches of columns folded into one store, and the views of it that users hold."""
