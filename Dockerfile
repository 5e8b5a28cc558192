# syntax=docker/dockerfile:1
# docker build --build-arg REVISION="$(git describe --always --dirty --abbrev=12)" --tag flashctl .

ARG SWIFT_VERSION=6.3
FROM swift:${SWIFT_VERSION}-bookworm AS build
WORKDIR /src
# Of Debian's packages the newest is wanted, with its security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libhiredis-dev libpq-dev libreadline-dev pkg-config \
 && rm -rf /var/lib/apt/lists/*
# Dependencies change less often than sources: this layer is kept while the manifest stays as it is.
COPY Package.swift ./
RUN swift package resolve
# The manifest names the targets of the tests; without their folders it cannot be read as a whole.
COPY Sources Sources
COPY Tests Tests
ARG REVISION=unknown
# With the Swift runtime inside, as `make build` does it; without symbols, which a debugger would get from the builder.
RUN BUILD_REVISION="${REVISION}" swift build -c release --product flashctl --static-swift-stdlib \
 && strip --strip-all -o /flashctl .build/release/flashctl

FROM debian:bookworm-slim AS runtime
# What `ldd` names, and the certificates behind rediss:// and https://.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    ca-certificates \
    libhiredis0.14 \
    libpq5 \
    libreadline8 \
    libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 flashctl \
 && useradd --system --uid 10001 --gid flashctl --home-dir /var/lib/flashctl --create-home \
    --shell /usr/sbin/nologin flashctl
COPY --from=build --chmod=755 /flashctl /usr/bin/flashctl
COPY --chmod=755 deploy/container/health /usr/bin/flashctl-health

ARG REVISION=unknown
LABEL org.opencontainers.image.title="flashctl" \
      org.opencontainers.image.description="Runs flash sales on Redis and Postgres" \
      org.opencontainers.image.documentation="docs/INSTALL.md" \
      org.opencontainers.image.revision="${REVISION}"

# By number: Kubernetes does not believe names when it is asked for runAsNonRoot.
USER 10001:10001
WORKDIR /var/lib/flashctl
# A balancer has to notice that /readyz says no before the listener closes.
ENV HOME=/var/lib/flashctl XDG_STATE_HOME=/var/lib FLASHCTL_SHUTDOWN_DELAY=5s
# The metrics are on 127.0.0.1:9090 of the container and are not published.
EXPOSE 8080
# Readiness goes first, then requests in flight, then the journal: give it a minute (`docker stop -t 60`).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["/usr/bin/flashctl-health"]
ENTRYPOINT ["/usr/bin/flashctl"]
CMD ["serve"]
