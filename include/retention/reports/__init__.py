"""Reports and the workbook: what people read, made from one release alone (K2, D, H; decision 74)."""
