"""Viet Nam's national document axis: takes signed documents, routes them, keeps the books."""
