"""Phase diagrams of activations in the plane of σ_w and σ_b, from mean-field theory alone.

Poole et al. 2016, Schoenholz et al. 2017.
"""
