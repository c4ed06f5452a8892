# The controller as an image. `npm run long` carries out these steps in a folder and starts the result
# (test/image), and `npm run long -- node` builds the image with buildah and runs it on a node.
#
#   docker build -t typekro:1.0.0-alpha.0 .
ARG NODE_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY packages packages
RUN npm ci --no-audit --no-fund
COPY . .
# The controller with its libraries as bundles, and their data files. No npm and no node_modules.
RUN node scripts/build.mjs && node scripts/image.mjs image

FROM ${RUNTIME_IMAGE}
WORKDIR /app
COPY --from=build /build/image /app
ARG VERSION=1.0.0-alpha.0
# The heap may take three quarters of the memory limit of the container. V8 by itself stops at about half.
ENV NODE_ENV=production TYPEKRO_VERSION=${VERSION} NODE_OPTIONS=--max-old-space-size-percentage=75
# The user of the base image, by number, so that runAsNonRoot can be checked.
USER 65532:65532
EXPOSE 8078 8079
# The base image's entry point is node. No text becomes code, and no object of a cluster reaches a prototype by __proto__.
# The controller turns the optimizing compilers off when it starts. Until then, Node would already load 2 MB of them.
ENTRYPOINT ["/nodejs/bin/node", "--disable-proto=delete", "--disallow-code-generation-from-strings", "--no-opt", "--no-maglev", "/app/dist/controller/controller.js"]
CMD ["controller"]
