-- What Prisma cannot say: roles, row-level security, checks, triggers.

-- Roles. Nobody logs in as them; the user that migrates may become them. They belong to the whole cluster, so that another
-- database may have made them, perhaps at this moment.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['trainyard_api', 'trainyard_worker'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', name);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
      EXECUTE format('GRANT %I TO %I', name, current_user);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', name);
  END LOOP;
END
$$;

-- The tenant of the transaction; null when it is unset, which equals no row.
CREATE FUNCTION current_project() RETURNS uuid
  LANGUAGE sql STABLE
  RETURN nullif(current_setting('trainyard.project_id', true), '')::uuid;

-- UUIDv7 (RFC 9562, 5.7) for rows that statements of the database's own making add: milliseconds in front, the rest random.
CREATE FUNCTION new_uuid() RETURNS uuid
  LANGUAGE sql VOLATILE
  RETURN encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
      52, 1), 53, 1),
    'hex')::uuid;

-- Every table of a project: the API sees the rows of its transaction's project, workers see all, and nobody else sees any, the
-- owner included.
DO $$
DECLARE
  name text;
  key text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'projects', 'api_keys', 'datasets', 'dataset_versions', 'uploads', 'models', 'jobs', 'runs', 'attempts', 'run_events',
    'metric_series', 'metric_points', 'checkpoints', 'outbox', 'idempotency_keys'
  ] LOOP
    key := CASE name WHEN 'projects' THEN 'id' ELSE 'project_id' END;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY tenant ON %1$I TO trainyard_api USING (%2$I = (SELECT current_project())) WITH CHECK (%2$I = (SELECT current_project()))',
      name, key
    );
    EXECUTE format('CREATE POLICY worker ON %I TO trainyard_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO trainyard_worker', name);
    EXECUTE format('GRANT SELECT ON %I TO trainyard_api', name);
  END LOOP;
END
$$;

-- What the API may write; everything else is the workers'.
GRANT INSERT, UPDATE ON api_keys TO trainyard_api;
GRANT INSERT, UPDATE, DELETE ON datasets, dataset_versions, uploads, models, idempotency_keys TO trainyard_api;
GRANT INSERT, UPDATE ON jobs, runs, attempts TO trainyard_api;
GRANT INSERT ON outbox, run_events TO trainyard_api;

-- Authentication comes before the project is known: one row by its digest, and nothing else, for a role that otherwise sees none.
CREATE FUNCTION find_api_key(key_digest bytea)
  RETURNS TABLE (id uuid, project_id uuid, digest bytea, scopes text[], is_expired boolean, is_revoked boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  AS $$
    SELECT k.id, k.project_id, k.digest, k.scopes, coalesce(k.expires_at <= clock_timestamp(), false), k.revoked_at IS NOT NULL
    FROM public.api_keys k
    WHERE k.digest = key_digest
  $$;
GRANT CREATE ON SCHEMA public TO trainyard_worker;
ALTER FUNCTION find_api_key(bytea) OWNER TO trainyard_worker;
REVOKE CREATE ON SCHEMA public FROM trainyard_worker;
REVOKE ALL ON FUNCTION find_api_key(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(bytea) TO trainyard_api, trainyard_worker;

-- Checks.
ALTER TABLE api_keys ADD CONSTRAINT api_keys_digest_is_sha256 CHECK (octet_length(digest) = 32);
ALTER TABLE datasets ADD CONSTRAINT datasets_name_length CHECK (length(name) BETWEEN 1 AND 200);
ALTER TABLE dataset_versions
  ADD CONSTRAINT dataset_versions_version_positive CHECK (version > 0),
  ADD CONSTRAINT dataset_versions_ready_is_complete
    CHECK (status <> 'ready' OR (manifest IS NOT NULL AND digest IS NOT NULL AND rows IS NOT NULL AND bytes IS NOT NULL)),
  ADD CONSTRAINT dataset_versions_failed_has_reason CHECK (status <> 'failed' OR failure IS NOT NULL);
ALTER TABLE uploads
  ADD CONSTRAINT uploads_bytes_not_negative CHECK (bytes >= 0),
  ADD CONSTRAINT uploads_sha256_is_hex CHECK (sha256 ~ '^[0-9a-f]{64}$');
ALTER TABLE models
  ADD CONSTRAINT models_version_positive CHECK (version > 0),
  ADD CONSTRAINT models_spec_hash_is_hex CHECK (spec_hash ~ '^[0-9a-f]{64}$');
ALTER TABLE runs
  ADD CONSTRAINT runs_running_has_lease CHECK (state <> 'running' OR (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL)),
  ADD CONSTRAINT runs_failed_has_reason CHECK (state <> 'failed' OR failure IS NOT NULL),
  ADD CONSTRAINT runs_succeeded_has_result CHECK (state <> 'succeeded' OR result IS NOT NULL),
  ADD CONSTRAINT runs_end_has_time CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  ADD CONSTRAINT runs_counters_not_negative CHECK (lease_epoch >= 0 AND dispatch_seq > 0 AND crash_count >= 0 AND last_step >= 0);
ALTER TABLE metric_points ADD CONSTRAINT metric_points_step_not_negative CHECK (step >= 0);
ALTER TABLE checkpoints
  ADD CONSTRAINT checkpoints_bytes_positive CHECK (bytes > 0),
  ADD CONSTRAINT checkpoints_sha256_is_hex CHECK (sha256 ~ '^[0-9a-f]{64}$');
ALTER TABLE idempotency_keys
  ADD CONSTRAINT idempotency_keys_completed_has_response CHECK (state <> 'completed' OR response_status IS NOT NULL);

-- Heartbeats update runs many times a second: room for them in the same page, and no index on what they change.
ALTER TABLE runs SET (fillfactor = 50);

-- Transitions. A final row never changes again, whoever asks; the others follow the table that packages/database/src/runs
-- exports (a test compares the two).
CREATE FUNCTION run_transition_allowed(old_state run_state, new_state run_state) RETURNS boolean
  LANGUAGE sql IMMUTABLE
  RETURN CASE old_state
    WHEN 'queued' THEN new_state IN ('running', 'cancelled')
    WHEN 'running' THEN new_state IN ('queued', 'paused', 'succeeded', 'failed', 'cancelled')
    WHEN 'paused' THEN new_state IN ('queued', 'cancelled')
    ELSE false
  END;

CREATE FUNCTION guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state IN ('succeeded', 'failed', 'cancelled') THEN
    RAISE EXCEPTION 'run % is %, which is final', OLD.id, OLD.state USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_final_is_immutable';
  END IF;
  IF NEW.state <> OLD.state AND NOT run_transition_allowed(OLD.state, NEW.state) THEN
    RAISE EXCEPTION 'run % cannot go from % to %', OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_transition_allowed';
  END IF;
  IF (NEW.id, NEW.project_id, NEW.job_id, NEW.kind, NEW.created_at) <> (OLD.id, OLD.project_id, OLD.job_id, OLD.kind, OLD.created_at)
    OR NEW.config <> OLD.config OR NEW.lease_epoch < OLD.lease_epoch THEN
    RAISE EXCEPTION 'run %: id, project, job, kind, config and creation never change, and the lease epoch never falls', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_identity_is_immutable';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER runs_guard BEFORE UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION guard_run();

-- A job's state is derived from its runs. The job's row is locked first, so that the statement after it sees what the other
-- runs of the job have committed (locks are always taken in the order run, job). A preparation that ends without a manifest
-- takes its dataset version with it.
CREATE FUNCTION derive_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM jobs WHERE id = NEW.job_id FOR UPDATE;
  UPDATE jobs SET
    state = derived.state,
    started_at = coalesce(jobs.started_at, derived.started_at),
    finished_at = CASE WHEN derived.state IN ('succeeded', 'failed', 'cancelled') THEN derived.finished_at END
  FROM (
    SELECT
      CASE
        WHEN bool_or(r.state = 'running') THEN 'running'
        WHEN bool_or(r.state = 'queued') THEN 'queued'
        WHEN bool_or(r.state = 'paused') THEN 'paused'
        WHEN bool_or(r.state = 'failed') THEN 'failed'
        WHEN bool_or(r.state = 'cancelled') THEN 'cancelled'
        ELSE 'succeeded'
      END::run_state AS state,
      min(r.started_at) AS started_at,
      max(r.finished_at) AS finished_at
    FROM runs r WHERE r.job_id = NEW.job_id
  ) AS derived
  WHERE jobs.id = NEW.job_id;

  IF NEW.kind = 'prepare' AND NEW.state IN ('failed', 'cancelled') THEN
    UPDATE dataset_versions SET
      status = 'failed',
      failure = coalesce(NEW.failure, jsonb_build_object(
        'category', 'user', 'code', 'conflict', 'message', 'The preparation was cancelled.', 'hint', 'Upload the files again.'
      ))
    WHERE id = (NEW.config ->> 'dataset_version_id')::uuid AND project_id = NEW.project_id AND status = 'preparing';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER runs_derive_job AFTER UPDATE OF state ON runs FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION derive_job();

-- Hints for those who listen; the truth is in the tables.
CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('trainyard_outbox', '');
  RETURN NULL;
END
$$;
CREATE TRIGGER outbox_notify AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox();

CREATE FUNCTION notify_stop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('trainyard_stop', NEW.id::text);
  RETURN NULL;
END
$$;
CREATE TRIGGER runs_notify_stop AFTER UPDATE OF cancel_requested_at, pause_requested_at ON runs FOR EACH ROW
  WHEN (
    NEW.state = 'running'
    AND (NEW.cancel_requested_at, NEW.pause_requested_at) IS DISTINCT FROM (OLD.cancel_requested_at, OLD.pause_requested_at)
  )
  EXECUTE FUNCTION notify_stop();
