"""What pages are drawn with: icons, strokes, dates and numbers in the reader's language, the joined stylesheet."""
