"""From a built candidate to what readers see: the audit, the release, the pointer, the report."""
