# syntax=docker/dockerfile:1
# `docker build --tag sora-mcp:latest .` has everything; `docker build --target slim --tag sora-mcp:slim .` has no media tools: without
# them `view_video`, `edit_video` and posters say what is missing, and all else works. docs/operations.md says how to run them.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sora_mcp ./sora_mcp
RUN python -m venv --without-pip /opt/sora-mcp && pip --python /opt/sora-mcp/bin/python install --no-cache-dir --compile '.[observe,postgres,s3]'

FROM build AS build-media
RUN pip --python /opt/sora-mcp/bin/python install --no-cache-dir --compile '.[media,observe,postgres,s3]'

FROM python:3.13-slim AS base
LABEL io.modelcontextprotocol.server.name="io.github.sora-mcp/sora-mcp" \
      org.opencontainers.image.title="Sora MCP" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/sora-mcp/sora-mcp"
# /data is the one place that is written to, besides /tmp: the cache of files, or, without PostgreSQL and S3, everything.
RUN groupadd --gid 10001 sora && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin sora \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
ENV PATH="/opt/sora-mcp/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    SORA_MCP_HOME=/data \
    SORA_MCP_OUTPUT_DIR=/data/videos \
    SORA_MCP_TIMEZONE=UTC \
    SORA_MCP_LOG=info \
    SORA_MCP_LOG_FORMAT=json
VOLUME /data
WORKDIR /data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
ENTRYPOINT ["sora-mcp"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]

FROM base AS slim
COPY --from=build /opt/sora-mcp /opt/sora-mcp

FROM base AS latest
# PyAV's wheels contain FFmpeg with libx264 and libx265, which are under the GPL.
LABEL org.opencontainers.image.licenses="MIT AND GPL-2.0-or-later"
COPY --from=build-media /opt/sora-mcp /opt/sora-mcp
