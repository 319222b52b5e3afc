"""What a campaign file says, and what is wrong with it.

Nothing is imported here: a worker needs the hours, and neither the files nor their templates.
"""
