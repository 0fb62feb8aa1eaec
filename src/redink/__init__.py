"""redink: teach language models to reason by having their work marked."""
