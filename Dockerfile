# syntax=docker/dockerfile:1
# The operator's image: Node, one JavaScript file, nothing else; no shell, no package manager, no root. Teleport's chart starts
# /teleport-operator, and so does this image, so that the image alone can be exchanged.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max \
#     --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" -t registry.example/teleport-operator:0.1.0 --push .
#
# test/chart/image.test.ts runs the commands of the first stage in a plain folder and starts what comes out.

# An exact version: releases of Node have broken HTTP/2 before. The suites must pass on it before it changes.
ARG NODE=node:26.10.0-trixie-slim

# JavaScript is the same for every platform, so this stage runs natively whatever is built.
FROM --platform=$BUILDPLATFORM ${NODE} AS bundle
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY src src
COPY tools tools
RUN node tools/bundle.mjs --out /rootfs --node /usr/local/bin/node

FROM ${NODE} AS node

FROM gcr.io/distroless/cc-debian13:nonroot
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="teleport-operator" \
      org.opencontainers.image.description="Keeps Teleport in the state that Kubernetes custom resources describe" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="gcr.io/distroless/cc-debian13:nonroot" \
      dev.teleport-operator.sbom="/app/sbom.cdx.json" \
      dev.teleport-operator.licenses="/app/THIRD-PARTY-LICENSES.txt"
COPY --from=node /usr/local/bin/node /usr/local/bin/node
# Node needs it since version 25, and this base has it not.
COPY --from=node /usr/lib/*-linux-gnu/libatomic.so.1* /usr/lib/
COPY --from=bundle /rootfs/ /
USER 65532:65532
ENTRYPOINT ["/teleport-operator"]
