-- A hint for those who wait for a job: it has ended. The truth is in the table.
CREATE FUNCTION notify_finished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('trainyard_finished', NEW.id::text);
  RETURN NULL;
END
$$;
CREATE TRIGGER jobs_notify_finished AFTER UPDATE OF state ON jobs FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('succeeded', 'failed', 'cancelled'))
  EXECUTE FUNCTION notify_finished();
