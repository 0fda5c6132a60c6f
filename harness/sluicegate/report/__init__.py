"""Reports: what a run found, as a document, and as pages that are made of it."""
