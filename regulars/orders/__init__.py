"""What they bought, and what they sent back."""
