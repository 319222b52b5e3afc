"""The tables of the reference, made from the code: `make reference` writes them into docs/.

A page says where a table belongs by a line `<!-- made by make reference: NAME -->`; what stands
from there to `<!-- end -->` is replaced, and the rest of the page is somebody's own words.
"""
