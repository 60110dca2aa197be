"""Detection by a small U-Net: its input, its network, particles out of its maps."""
