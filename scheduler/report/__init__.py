"""A campaign as one page to look at and to send: figures, plots, and what became of every call.

`header` and an iterator of result records go in, wherever they come from; `page` writes the file.
Records are read once, and held neither in memory nor on the page beyond what is said there.
"""
