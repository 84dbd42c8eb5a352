"""Planning of `corslens check`: which origins to try on a server, and what its responses show of how it compares Origin. Pure: no sockets."""
