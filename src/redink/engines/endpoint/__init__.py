"""The engine for any OpenAI-compatible endpoint, hosted or local."""
