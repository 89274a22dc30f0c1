"""What people type about programmes, the people in them, and venues."""
