-- AlterTable
ALTER TABLE "dataset_versions" ADD COLUMN     "base_version_id" UUID,
ADD COLUMN     "inherited_keys" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "uploads" ADD COLUMN     "part" INTEGER NOT NULL DEFAULT 0;

-- DropIndex
DROP INDEX "uploads_dataset_version_id_role_key";

-- CreateIndex
CREATE UNIQUE INDEX "uploads_dataset_version_id_part_role_key" ON "uploads"("dataset_version_id", "part", "role");

-- CreateIndex
CREATE INDEX "dataset_versions_base_version_id_idx" ON "dataset_versions"("base_version_id");

-- AddForeignKey
ALTER TABLE "dataset_versions" ADD CONSTRAINT "dataset_versions_base_version_id_fkey" FOREIGN KEY ("base_version_id") REFERENCES "dataset_versions"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE uploads ADD CONSTRAINT uploads_part_not_negative CHECK (part >= 0);
