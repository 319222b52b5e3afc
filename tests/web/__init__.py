"""The site as a browser and a program meet it: real HTTP, a real ledger."""
