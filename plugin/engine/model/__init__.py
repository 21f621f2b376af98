"""The network of Generative Video Matting and what surrounds it: UNets, VAE, LoRA, weights, exact savings."""
