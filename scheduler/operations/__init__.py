"""What an operator can do: the command line, the console and the API call the same functions.

Functions take and return values, and raise errors of `scheduler.errors`. It knows no terminal.
"""
