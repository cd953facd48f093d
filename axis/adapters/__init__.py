"""What the ports are made of: stores, buses, clocks, keys."""
