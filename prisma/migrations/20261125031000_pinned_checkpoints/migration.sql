-- The checkpoint that a run takes weights from: while the run's row is there, retention cannot delete it.
-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "source_checkpoint_id" UUID;

-- CreateIndex
CREATE INDEX "runs_source_checkpoint_id_idx" ON "runs"("source_checkpoint_id");

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_source_checkpoint_id_fkey" FOREIGN KEY ("source_checkpoint_id") REFERENCES "checkpoints"("id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- From the configuration, which says it already: nobody can forget it. A checkpoint that is gone stays for the run to complain about.
CREATE FUNCTION pin_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT id INTO NEW.source_checkpoint_id FROM checkpoints
  WHERE id = coalesce(NEW.config #>> '{transfer,checkpoint_id}', NEW.config ->> 'checkpoint_id')::uuid;
  RETURN NEW;
END
$$;
CREATE TRIGGER runs_pin_checkpoint BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION pin_checkpoint();
