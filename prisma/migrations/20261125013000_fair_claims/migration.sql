-- AlterEnum
ALTER TYPE "attempt_outcome" ADD VALUE 'postponed';

-- AlterTable
ALTER TABLE "attempts" ADD COLUMN     "reason" TEXT;

-- AlterTable
ALTER TABLE "jobs" ADD COLUMN     "max_runtime_s" INTEGER,
ADD COLUMN     "priority" SMALLINT NOT NULL DEFAULT 0,
ADD COLUMN     "retry_of" UUID;

-- AlterTable
ALTER TABLE "projects" ADD COLUMN     "concurrency_limit" INTEGER,
ADD COLUMN     "share" DOUBLE PRECISION NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "lost_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "max_runtime_s" INTEGER,
ADD COLUMN     "not_before" TIMESTAMPTZ(3),
ADD COLUMN     "priority" SMALLINT NOT NULL DEFAULT 0,
ADD COLUMN     "resume_from" UUID,
ADD COLUMN     "runtime_ms" BIGINT NOT NULL DEFAULT 0;

-- DropIndex
DROP INDEX "runs_running_idx";

-- CreateIndex: the next run of a project, and how many of each project run
CREATE INDEX "runs_next_idx" ON "runs"("project_id", "priority" DESC, "id") WHERE "state" = 'queued';
CREATE INDEX "runs_running_idx" ON "runs"("project_id", "id") WHERE "state" = 'running';

-- AddForeignKey
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_retry_of_fkey" FOREIGN KEY ("retry_of") REFERENCES "jobs"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- Checks.
ALTER TABLE projects
  ADD CONSTRAINT projects_concurrency_limit_positive CHECK (concurrency_limit > 0),
  ADD CONSTRAINT projects_share_positive CHECK (share > 0);
ALTER TABLE runs
  ADD CONSTRAINT runs_max_runtime_positive CHECK (max_runtime_s > 0),
  ADD CONSTRAINT runs_lost_count_not_negative CHECK (lost_count >= 0 AND runtime_ms >= 0);

-- A waiting run may be paused.
CREATE OR REPLACE FUNCTION run_transition_allowed(old_state run_state, new_state run_state) RETURNS boolean
  LANGUAGE sql IMMUTABLE
  RETURN CASE old_state
    WHEN 'queued' THEN new_state IN ('running', 'paused', 'cancelled')
    WHEN 'running' THEN new_state IN ('queued', 'paused', 'succeeded', 'failed', 'cancelled')
    WHEN 'paused' THEN new_state IN ('queued', 'cancelled')
    ELSE false
  END;

-- A retry takes over the curve of the run that it goes on from.
GRANT INSERT ON metric_series, metric_points TO trainyard_api;
