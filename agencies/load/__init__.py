"""The load test: traffic grows month by month until an axis breaks, and that is a date."""
