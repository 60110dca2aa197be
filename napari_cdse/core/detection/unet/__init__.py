"""Detection by a U-Net: input channels, network, particles from its output maps."""
