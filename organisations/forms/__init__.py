"""What people type about organisations, the people in them, and staff lists."""
