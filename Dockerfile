# The axis, its agencies and its command line: one image, the command says which.
FROM python:3.11-slim

RUN useradd --uid 10001 --create-home --home-dir /home/axis axis \
    && install -d -o axis -g axis /var/lib/axis /secrets

WORKDIR /opt/axis
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY axis axis
COPY agencies agencies
COPY schemas schemas
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER axis
WORKDIR /var/lib/axis
# Inside a container there is no other way in than its own address.
ENV PYTHONUNBUFFERED=1 AXIS_VAR=/var/lib/axis AXIS_HOST=0.0.0.0 AXIS_PORT=8095
VOLUME /var/lib/axis
EXPOSE 8095
HEALTHCHECK --interval=10s --timeout=8s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8095/v1/ready', timeout=5)"]
CMD ["python", "-m", "axis.server"]
