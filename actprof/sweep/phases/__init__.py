"""Phase diagrams of activations in the plane of σ_w and σ_b, from mean-field theory alone.

Poole et al. 2016, Schoenholz et al. 2017.
"""

from actprof.sweep.phases.diagrams import phase_diagrams
from actprof.sweep.phases.request import PhaseSpec, phase_spec

__all__ = ["PhaseSpec", "phase_diagrams", "phase_spec"]
