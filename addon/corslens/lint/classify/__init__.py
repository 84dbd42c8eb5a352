"""What a header's value, a host or a redirect is, in the words that rules use."""
