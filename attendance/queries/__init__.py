"""What is shown and decided from several tables of attendance: one module per subject."""
