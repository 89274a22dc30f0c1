"""Whom attendance tells, in which words: one module per subject, each with its kinds."""
