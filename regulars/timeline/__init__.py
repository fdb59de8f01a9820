"""What happened: one append-only record, read as timeline, audit log, webhook feed and change feed."""
