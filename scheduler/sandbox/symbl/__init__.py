"""How Symbl's telephony API and its neighbours behave."""
