"""The rules of the axis: pure, no input or output, no clock, no dice."""
