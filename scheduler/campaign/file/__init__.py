"""Reads the bytes of campaign files: their encoding, their format, and the place of every cell.

`campaign/` calls in. It knows no rule of a campaign, and only passes on cells with their places.
"""
