"""Everything customers plug into the house."""
