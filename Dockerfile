FROM python:3.12-slim

RUN useradd --create-home callsched
WORKDIR /home/callsched

COPY pyproject.toml constraints.txt README.md LICENSE celeryconfig.py src/
COPY scheduler src/scheduler/
RUN pip install --no-cache-dir --constraint src/constraints.txt ./src && rm -r src

USER callsched
CMD ["celery", "-A", "scheduler", "worker", "--loglevel", "INFO"]
