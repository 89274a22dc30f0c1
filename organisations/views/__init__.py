"""The pages of organisations, the people in them, and staff lists."""
