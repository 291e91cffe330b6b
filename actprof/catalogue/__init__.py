"""The tables: activations, initialisers, normalisations, and the Gaussian expectations of an activation."""
