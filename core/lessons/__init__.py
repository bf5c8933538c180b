"""What a class is led through: lessons, the claims of articles, and answers."""
