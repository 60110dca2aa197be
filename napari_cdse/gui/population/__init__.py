"""The dock that tells the number of the whole population, with its figures."""
