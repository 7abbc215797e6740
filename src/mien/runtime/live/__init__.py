"""Live: cameras, streams and recorded sequences, answered frame by frame, with or without a window."""
