# The image of every Airflow service of docker-compose.yml: Airflow, the pipeline and its DAGs, all from
# requirements.lock. Base images are pinned by version tag; pin the digest too where your registry is at hand:
#   docker buildx imagetools inspect python:3.11.13-slim-bookworm
FROM python:3.11.13-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:$PATH \
    VIRTUAL_ENV=/opt/venv

WORKDIR /opt/retention

# Packages first: they change less often than the code, so a rebuild after an edit takes seconds.
COPY requirements.lock ./
RUN python -m venv /opt/venv \
    && python -m pip install --no-cache-dir --disable-pip-version-check "uv==0.13.9" \
    && uv pip install --no-cache --compile-bytecode --require-hashes -r requirements.lock

COPY pyproject.toml ./
COPY include ./include
COPY dbt_project ./dbt_project
COPY expectations ./expectations
COPY dags ./dags
RUN uv pip install --no-cache --no-deps --no-build-isolation --editable . \
    && python -m compileall -q include

# The code belongs to root and the services don't: what runs can't change itself. A named volume takes over the
# owner of the folder it is mounted on.
RUN useradd --uid 10001 --no-create-home --home-dir /srv/airflow --shell /usr/sbin/nologin retention \
    && mkdir -p /srv/airflow /srv/retention/home /srv/retention/landing /srv/retention/config \
    && chown -R retention:retention /srv/airflow /srv/retention
USER retention

ENV AIRFLOW_HOME=/srv/airflow
CMD ["retention", "--help"]
