"""The pages of programmes, the people in them, and venues."""
