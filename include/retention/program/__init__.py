"""What the published release says of the programme as a whole: its health (H) and why customers left (K2)."""
