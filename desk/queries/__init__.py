"""What the desk shows from several apps."""
