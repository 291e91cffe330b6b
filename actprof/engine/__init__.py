"""Spec in, profile out: the network, its forward and backward pass, and mergeable statistics."""
