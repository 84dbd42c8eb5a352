"""The Fetch standard's CORS protocol, pure: https://fetch.spec.whatwg.org/#http-cors-protocol

One module an algorithm.
Nothing here knows of engines, proxies, files, clocks or wording; engines' deviations come in as parameters.
"""
