"""The keys of a campaign file: one module for each group of keys, and the presets.

`campaign/` calls in, and `plan` shows presets. It only checks keys; other rooms apply them.
"""
