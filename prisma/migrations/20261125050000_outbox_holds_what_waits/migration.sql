-- A message leaves the outbox when it is published: the outbox holds what waits, and does not grow with the number of runs.
DELETE FROM "outbox" WHERE "published_at" IS NOT NULL;
DROP INDEX "outbox_unpublished_idx";
ALTER TABLE "outbox" DROP COLUMN "published_at";
