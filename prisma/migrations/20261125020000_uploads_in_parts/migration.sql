-- AlterTable
ALTER TABLE "projects" ADD COLUMN     "storage_limit" BIGINT;

-- AlterTable
ALTER TABLE "uploads" ADD COLUMN     "completed_at" TIMESTAMPTZ(3),
ADD COLUMN     "expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "part_bytes" INTEGER,
ADD COLUMN     "source_url" TEXT,
ADD COLUMN     "token" TEXT,
ALTER COLUMN "dataset_version_id" DROP NOT NULL,
ALTER COLUMN "role" DROP NOT NULL,
ALTER COLUMN "sha256" DROP NOT NULL;

-- CreateTable
CREATE TABLE "upload_parts" (
    "project_id" UUID NOT NULL,
    "upload_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "bytes" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "tag" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "upload_parts_pkey" PRIMARY KEY ("upload_id","number")
);

-- CreateIndex
CREATE INDEX "uploads_project_id_id_idx" ON "uploads"("project_id", "id");

-- CreateIndex
CREATE INDEX "uploads_expires_at_idx" ON "uploads"("expires_at");

-- AddForeignKey
ALTER TABLE "upload_parts" ADD CONSTRAINT "upload_parts_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "upload_parts" ADD CONSTRAINT "upload_parts_upload_id_fkey" FOREIGN KEY ("upload_id") REFERENCES "uploads"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Those that are here came with their version, whole.
UPDATE "uploads" SET "completed_at" = "created_at";

ALTER TABLE uploads
  ADD CONSTRAINT uploads_unused_expires CHECK ((dataset_version_id IS NULL) = (expires_at IS NOT NULL)),
  ADD CONSTRAINT uploads_role_with_version CHECK ((dataset_version_id IS NULL) = (role IS NULL)),
  ADD CONSTRAINT uploads_parts_have_token CHECK ((part_bytes IS NULL) = (token IS NULL));
ALTER TABLE upload_parts
  ADD CONSTRAINT upload_parts_number_positive CHECK (number > 0),
  ADD CONSTRAINT upload_parts_bytes_positive CHECK (bytes > 0),
  ADD CONSTRAINT upload_parts_sha256_is_hex CHECK (sha256 ~ '^[0-9a-f]{64}$');
ALTER TABLE projects ADD CONSTRAINT projects_storage_limit_not_negative CHECK (storage_limit >= 0);

ALTER TABLE upload_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload_parts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON upload_parts TO trainyard_api
  USING (project_id = (SELECT current_project())) WITH CHECK (project_id = (SELECT current_project()));
CREATE POLICY worker ON upload_parts TO trainyard_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON upload_parts TO trainyard_worker, trainyard_api;
