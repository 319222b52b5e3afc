"""What `callsched watch` shows: what is seen, how it is drawn, and the screen around it."""
