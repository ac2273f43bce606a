# The operator's image: Node, a few JavaScript files, licences, nothing else; no shell, no package manager, no root, nothing to write to.
# Teleport's chart starts /teleport-operator, and so does this image, so that the image alone can be exchanged.
# docs/install.md has the command that builds, labels and pushes it for both architectures.
#
# test/chart/image.test.ts runs the commands of the first stage in a plain folder and starts what comes out.

# An exact version of the line with long-term support: releases of Node have broken HTTP/2 before. The suites must pass on it before
# it changes. Both can be given with a digest: --build-arg NODE=node:…@sha256:…
ARG NODE=node:24.22.3-trixie-slim
# What Node needs of a system (libc, libstdc++), certificates and users; no shell. Its libc must not be older than that of NODE.
ARG BASE=gcr.io/distroless/cc-debian13:nonroot

# JavaScript is the same for every platform, so this stage runs natively whatever is built.
FROM --platform=$BUILDPLATFORM ${NODE} AS bundle
WORKDIR /src
COPY package.json package-lock.json .npmrc LICENSE ./
RUN npm ci --ignore-scripts
COPY src src
COPY tools/bundle.mjs tools/bundle.mjs
COPY tools/bundle tools/bundle
# Seconds since 1970 that every file is dated with, so that the same commit gives the same layer.
ARG SOURCE_DATE_EPOCH=0
# What is optimized is optimized at once: done beside the program, hundreds of functions that become hot together are in memory together,
# 10 to 30 MiB that malloc keeps. An interpreter's line takes one option.
RUN node tools/bundle.mjs --out /rootfs --node '/usr/local/bin/node --no-concurrent-recompilation'

FROM ${NODE} AS node

# What the last stage takes out of it. Folders are made as old as Node, not as old as the build: so the layer with Node stays the same
# from one version to the next, and whatever a builder has in its cache. Runs natively too; only files of the other platform are touched.
FROM --platform=$BUILDPLATFORM ${NODE} AS runtime
COPY --from=node /usr/local/bin/node /rootfs/usr/local/bin/node
COPY --from=node /usr/local/LICENSE /rootfs/app/NODE-LICENSE.txt
RUN find /rootfs -exec touch -r /rootfs/usr/local/bin/node {} +

FROM ${BASE}
ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="teleport-operator" \
      org.opencontainers.image.description="Keeps Teleport in the state that Kubernetes custom resources describe" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${BASE}" \
      dev.teleport-operator.sbom="/app/bom.json" \
      dev.teleport-operator.licenses="/app/THIRD-PARTY-LICENSES.txt"
COPY --from=runtime /rootfs/ /
COPY --from=bundle /rootfs/ /
# V8 has threads; with an arena for each, malloc keeps what they had for good. The space for new objects, of 8 MiB, may be 2: docs/performance.md.
ENV MALLOC_ARENA_MAX=1 NODE_OPTIONS=--max-semi-space-size=1
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/teleport-operator"]
