// Pieces of SQL that several statements of this directory share.

/** A step or another whole number, for a person: 1,500. */
export const grouped = (column: string) => `to_char(${column}, 'FM999,999,999,999,990')`

/** What every statement that takes a run out of `running` writes beside its own columns. */
export const LEAVE_COLUMNS = `phase = NULL, lease_owner = NULL, lease_expires_at = NULL, pause_requested_at = NULL, event_seq = event_seq + 1,
    runtime_ms = runtime_ms + coalesce((
      SELECT extract(epoch FROM clock_timestamp() - a.started_at) * 1000 FROM attempts a
      WHERE a.run_id = runs.id AND a.lease_epoch = runs.lease_epoch
    ), 0)::bigint,
    updated_at = clock_timestamp()`

/** Of an event, with the run's columns in scope. */
export const CANCELLED_AT_STEP = `'Cancelled as requested, at step ' || ${grouped('last_step')} || '.'`
