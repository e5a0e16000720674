"""Long drills: what an operator lives through. Run by `make drills`."""
