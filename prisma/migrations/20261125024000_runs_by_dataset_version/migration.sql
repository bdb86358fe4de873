-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "dataset_version_id" UUID;

-- Rows that are final refuse every change; this one says what they always said.
ALTER TABLE "runs" DISABLE TRIGGER USER;
UPDATE "runs" SET "dataset_version_id" = ("config" ->> 'dataset_version_id')::uuid WHERE "config" ? 'dataset_version_id';
ALTER TABLE "runs" ENABLE TRIGGER USER;

-- CreateIndex
CREATE INDEX "runs_dataset_version_id_id_idx" ON "runs"("dataset_version_id", "id");
