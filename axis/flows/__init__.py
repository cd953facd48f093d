"""The paths through the axis, one module each."""
