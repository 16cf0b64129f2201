"""What travels between kernel and page, and how: one definition for Python and TypeScript, `schema.json`."""
