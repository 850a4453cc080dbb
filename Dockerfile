# Two images: the gateway (the default), and with `--target marketplace` the services of the demo. Nothing of ours calls a shell or
# writes outside of the store, whoever is process 1; test/docker/container.test.ts starts it so. The base has a shell all the same, for
# `docker compose exec`: an image without would be some MB smaller and no safer.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The image is the runtime: without install scripts the `node` package brings none of its own, and `prepare`
# does not build before the sources are here.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json index.ts ./
COPY src src
COPY plugins plugins
COPY routes routes
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json \
  && node node_modules/vite/bin/vite.js build src/dashboard

FROM node:24-slim AS runtime
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

# The services run as TypeScript, as Node 24 does.
FROM runtime AS marketplace
# A new volume takes its owner from the folder that it is mounted on.
RUN mkdir /data && chown node:node /data
COPY examples/marketplace examples/marketplace
ENV HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
USER node
EXPOSE 3000
CMD ["node", "examples/marketplace/serve.ts"]

FROM runtime AS gateway
# The store: what is decided at run time outlives a container whose volume stands here. A new one takes its owner from it.
RUN mkdir -m 700 .xecureapi && chown node:node .xecureapi
# /app/gateway.yaml and /app/routes stand side by side: `routesDir: routes` is right here as in a checkout.
COPY --from=build /app/dist/ ./
COPY gateway.yaml ./
USER node
EXPOSE 8080
# The admin port is open on the container's loopback only, which is where this runs.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/cli.js", "start", "--config", "gateway.yaml"]
