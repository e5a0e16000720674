"""How often the checker is right, on real translations: those that rules were written with, and those held back."""
