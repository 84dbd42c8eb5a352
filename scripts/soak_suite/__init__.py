"""The soak: clients that do what pages do, servers that do what servers do on a bad day, and a ledger of what must be in the log."""
