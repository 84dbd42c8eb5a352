"""From exchanges to what people are shown: page requests, each with one diagnosis, and the problems of a session."""
