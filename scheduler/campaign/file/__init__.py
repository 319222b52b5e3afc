"""How a campaign file is written: its bytes, encoding, format, and where in it each thing stands.

`campaign/` calls in. It knows no rule of a campaign: it hands on cells with their places.
"""
