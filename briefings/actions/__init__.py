"""What people do to programmes, venues and the rows of sessions: one module per subject."""
