"""The dock Particle: the card of one particle, its pictures, queue and note."""
