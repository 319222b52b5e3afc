"""What a campaign file may say under its keys: one module for each group of keys, and the presets.

`campaign/` calls in, and `plan` shows presets. A key is checked here; nothing is dialled by it.
"""
