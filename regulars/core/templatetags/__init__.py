"""What every page may say."""
