-- CreateTable
CREATE TABLE "preparation_files" (
    "project_id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "object_key" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "preparation_files_pkey" PRIMARY KEY ("run_id","name")
);

-- CreateIndex
CREATE UNIQUE INDEX "preparation_files_object_key_key" ON "preparation_files"("object_key");

-- AddForeignKey
ALTER TABLE "preparation_files" ADD CONSTRAINT "preparation_files_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "preparation_files" ADD CONSTRAINT "preparation_files_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE preparation_files
  ADD CONSTRAINT preparation_files_bytes_not_negative CHECK (bytes >= 0),
  ADD CONSTRAINT preparation_files_sha256_is_hex CHECK (sha256 ~ '^[0-9a-f]{64}$');

ALTER TABLE preparation_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE preparation_files FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON preparation_files TO trainyard_api
  USING (project_id = (SELECT current_project())) WITH CHECK (project_id = (SELECT current_project()));
CREATE POLICY worker ON preparation_files TO trainyard_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON preparation_files TO trainyard_worker, trainyard_api;
