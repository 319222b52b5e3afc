"""The full screen of `callsched watch`: how it draws a picture of now, and what keys do.

`cli/watch.py` calls it. It draws what `live/` reads, and knows neither the provider nor how a call
proceeds.
"""
