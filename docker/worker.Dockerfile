# A worker: oneDNN is in its image, the reference backend in its code.

FROM node:20.20.2-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY apps/api/package.json apps/api/
COPY apps/worker/package.json apps/worker/
COPY packages/config/package.json packages/config/
COPY packages/contracts/package.json packages/contracts/
COPY packages/database/package.json packages/database/
COPY packages/datasets/package.json packages/datasets/
COPY packages/engine/package.json packages/engine/
COPY packages/errors/package.json packages/errors/
COPY packages/launch/package.json packages/launch/
COPY packages/outbound/package.json packages/outbound/
COPY packages/queue/package.json packages/queue/
COPY packages/storage/package.json packages/storage/
RUN npm ci --omit=dev --ignore-scripts --workspace=@trainyard/worker --include-workspace-root

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production TRAINYARD_DATA_DIR=/var/lib/trainyard
RUN apt-get update \
  && apt-get install -y --no-install-recommends libdnnl2 \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /var/lib/trainyard
WORKDIR /app
COPY --from=dependencies /app ./
COPY tsconfig.json ./
COPY apps/worker apps/worker
COPY packages packages
USER node
VOLUME /var/lib/trainyard
# A worker that cannot reach its servers ends by itself, and is started again.
STOPSIGNAL SIGTERM
CMD ["node", "packages/launch/src/run.mjs", "apps/worker/src/main.ts"]
