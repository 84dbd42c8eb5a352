"""A browser that is listened to: its own word on each request, beside what came by."""
