"""How the shipped U-Net is made: variation, targets, network, training, export."""
