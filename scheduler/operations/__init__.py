"""What an operator can do: the command line, the console and the API call the same functions.

Values in, values out, errors of our tree. It knows no terminal.
"""
