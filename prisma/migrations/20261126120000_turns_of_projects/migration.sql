-- CreateTable
CREATE TABLE "project_turns" (
    "project_id" UUID NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "project_turns_pkey" PRIMARY KEY ("project_id")
);

-- AddForeignKey
ALTER TABLE "project_turns" ADD CONSTRAINT "project_turns_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE project_turns ENABLE ROW LEVEL SECURITY;
ALTER TABLE project_turns FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON project_turns TO trainyard_api
  USING (project_id = (SELECT current_project())) WITH CHECK (project_id = (SELECT current_project()));
CREATE POLICY worker ON project_turns TO trainyard_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON project_turns TO trainyard_worker, trainyard_api;
