"""What drives real browsers, proxies and servers: shared by the browser tests, the demo and the differential runner."""
