# The controller as an image. `npm run long` carries out these steps in a folder and starts the result
# (test/image); a builder of images has not been tried.
#
#   docker build -t typekro:1.0.0-alpha.0 .
ARG NODE_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs && npm prune --omit=dev --no-audit --no-fund

FROM ${RUNTIME_IMAGE}
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/data ./data
COPY --from=build /build/dist ./dist
ARG VERSION=1.0.0-alpha.0
# The heap may take three quarters of the memory limit of the container. V8 by itself stops at about half.
ENV NODE_ENV=production TYPEKRO_VERSION=${VERSION} NODE_OPTIONS=--max-old-space-size-percentage=75
# The user of the base image, by number, so that runAsNonRoot can be checked.
USER 65532:65532
EXPOSE 8078 8079
# The base image's entry point is node. No text becomes code, and no object of a cluster reaches a prototype by __proto__.
ENTRYPOINT ["/nodejs/bin/node", "--disable-proto=delete", "--disallow-code-generation-from-strings", "/app/dist/cli/main.js"]
CMD ["controller"]
