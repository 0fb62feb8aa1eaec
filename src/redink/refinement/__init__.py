"""Answers by more than one attempt: drafts are voted on, chosen from, criticised and rewritten."""
