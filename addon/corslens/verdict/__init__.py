"""Would the browser let the page read it: one verdict an engine, with every check in the engine's own order."""
