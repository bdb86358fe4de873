# The API. Dependencies are installed in a stage of their own, so that a change of the code does not install them again.

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
RUN npm ci --omit=dev --ignore-scripts --workspace=@trainyard/api --include-workspace-root

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=dependencies /app ./
COPY tsconfig.json ./
COPY apps/api apps/api
COPY packages packages
COPY prisma prisma
COPY docker/healthcheck.mjs docker/
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "docker/healthcheck.mjs"]
CMD ["node", "packages/launch/src/run.mjs", "apps/api/src/server.ts"]
