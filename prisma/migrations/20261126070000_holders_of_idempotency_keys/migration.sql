-- AlterTable
ALTER TABLE "idempotency_keys" ADD COLUMN     "holder" UUID NOT NULL DEFAULT gen_random_uuid();
