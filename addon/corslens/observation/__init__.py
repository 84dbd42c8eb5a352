"""From exchanges on the wire to exchanges in their context: roles, pairs, redirect chains, evidence for what is invisible."""
