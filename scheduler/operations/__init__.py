"""What an operator can do, however it is asked for: the command line and a web page call the same.

Values in, values out, errors of our tree. It knows no terminal.
"""
