"""Mean-field theory of a dense stack at initialisation: infinite width, and how far a finite one strays."""

