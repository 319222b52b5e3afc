"""The full screen of `callsched watch`: how it draws a picture of now, and what keys do.

`cli/watch.py` calls in. What there is to see comes from `live/`; it knows neither the provider nor
how a call goes.
"""
