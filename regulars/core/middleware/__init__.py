"""What happens to every request: headers, the reader's language and the shop's time, refusals as pages."""
