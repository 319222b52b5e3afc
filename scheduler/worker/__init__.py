"""What one worker process holds: its timekeeper, listener, sockets, metrics, webhooks, schedules.

Celery's tasks call in. It puts the parts together and gives them threads; what happens to one call
is decided in `calls/`.
"""
