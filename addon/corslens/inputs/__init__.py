"""From captured files to exchanges: what is found on disk, HAR, and what could not be read of either."""
