"""What a run came to, told from its books: figures, CSV files and a page to look at."""
