"""The pictures of the README and docs/inspecting.md, made from the demo. Run it with scripts/screenshots."""
