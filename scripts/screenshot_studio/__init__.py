"""The README's pictures, made from the demo. Run it with scripts/screenshots."""
