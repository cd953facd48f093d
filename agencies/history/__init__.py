"""The whole history, 12 March 2019 to 4 February 2020: its plan, its parts, its figures."""
