"""What one value of a file may look like: a phone number, a SIP address, a duration, a template.

Whoever reads something that a person wrote calls in, so that a number means the same in a contact
file, on a do-not-call list, in a setting and on the command line. It knows no campaign, no ledger
and no provider.
"""
